"""Documentation that is not true."""

from dataclasses import replace
from pathlib import Path

from factory.hunt.docs import contradictions
from tests.hunt.trees import found, tree


def test_what_the_tree_has_and_is_not_looked_at_is_there(tmp_path: Path) -> None:
    ground = tree(tmp_path, {"README.md": "![plan](img/plan.png) [lib](vendor/lib/README.md)\n"})
    assert len(list(contradictions(ground))) == 2
    there = replace(ground, others=frozenset({"img/plan.png", "vendor/lib"}))  # a picture, and a submodule
    assert not list(contradictions(there))


def test_names_out_of_documentation_are_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("x")
    text = "[a](../secret.md) [b](/etc/passwd) [c](%2e%2e/secret.md) [d](a\\..\\b.md) [e](~/x.md)\n"
    assert not found(tmp_path / "tree", "docs-contradiction", {"README.md": text})


def test_a_package_json_that_is_none_says_nothing(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"README.md": "`npm run x`\n", "package.json": "[" * 100_000}
    assert not found(tmp_path, "docs-contradiction", files)


def test_lines_that_are_made_to_take_long_do_not(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "README.md": "`make gone`\n" + "[" * 900_000 + "\n" + "`" * 900_000 + "\n",
        "Makefile": "all:\n" + "%" * 900_000 + "\n",
        "Dockerfile": "EXPOSE " + "1 " * 400_000 + "\n", "pyproject.toml": "[project.scripts]\n" + '"' * 900_000,
    }  # fmt: skip
    assert [each.start for each in found(tmp_path, "docs-contradiction", files)] == [1]
