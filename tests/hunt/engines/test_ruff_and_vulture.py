"""Real engines on small trees: their rows as hits, the tree's own configuration unread."""

from pathlib import Path

from factory.hunt.engines import registry, ruff, vulture
from factory.hunt.ground import Ground


def ground(root: Path, files: dict[str, str]) -> Ground:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Ground(root, tuple(sorted(files)))


BARE = "try:\n    x = 1\nexcept:\n    pass\n"


def test_ruffs_rows_are_hits_with_paths_of_the_tree(tmp_path: Path) -> None:
    here = ground(tmp_path, {"src/a.py": BARE, "-x.py": BARE, "broken.py": "def (:\n", "build/b.py": BARE})
    found = ruff.look(here, ("E722",))
    assert sorted((hit.path, hit.start, hit.code) for hit in found) == [
        ("-x.py", 3, "E722"), ("build/b.py", 3, "E722"), ("src/a.py", 3, "E722"),
    ]  # fmt: skip


def test_the_trees_configuration_is_not_read(tmp_path: Path) -> None:
    quiet = '[tool.ruff]\nexclude = ["*"]\n[tool.vulture]\nexclude = ["*"]\nmin_confidence = 100\n'
    here = ground(tmp_path, {"pyproject.toml": quiet, "ruff.toml": 'exclude = ["*"]\n', ".gitignore": "*\n",
                             "a.py": BARE + "def lonely():\n    pass\n"})  # fmt: skip
    assert len(ruff.look(here, ("E722",))) == 1
    assert [hit.quoted for hit in vulture.look(here, ("unused-function",))] == ["lonely"]


def test_vultures_rows_carry_the_name_and_its_own_confidence(tmp_path: Path) -> None:
    here = ground(
        tmp_path, {"a.py": "import os\n\n\ndef used(unread):\n    return 1\n    used(1)\n", "bad.py": "def (:\n"}
    )
    found = {(hit.code, hit.quoted, hit.start, hit.confidence) for hit in vulture.look(here, tuple(
        "unused-import unused-variable unreachable".split()))}  # fmt: skip
    assert found == {
        ("unused-import", "os", 1, 0.9),
        ("unused-variable", "unread", 4, 1.0),
        ("unreachable", "", 6, 1.0),
    }


def test_a_file_that_is_nested_too_deeply_costs_vulture_that_file(tmp_path: Path) -> None:
    deep = {"deep.py": "x = a" + ".b" * 900 + "\n", "minus.py": "x = " + "-" * 20_000 + "1\n"}
    here = ground(tmp_path, {"a.py": "def lonely():\n    pass\n", **deep})
    assert [hit.quoted for hit in vulture.look(here, ("unused-function",))] == ["lonely"]


def test_a_tree_without_python_costs_vulture_nothing(tmp_path: Path) -> None:
    assert vulture.look(ground(tmp_path, {"a.js": "x"}), ("unused-function",)) == []


def test_an_engine_that_fails_is_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    here = Ground(tmp_path / "gone", ("a.py",))
    report = registry.asked("ruff", here, ("NO999",))
    assert report.hits == []
    assert report.run.problem.startswith("ruff gave up")
    assert report.run.version


def test_more_rows_than_are_taken_at_once_are_asked_for_in_parts(tmp_path: Path) -> None:
    files = {f"pkg/f{number}.py": BARE for number in range(9)}
    here = ground(tmp_path, {**files, "a b@c.py": BARE, "loud.py": BARE * 200})
    found = ruff.look(here, ("E722",), output=6_000)  # some twenty rows
    assert {hit.path for hit in found} == {*files, "a b@c.py", "loud.py"}
    loud = [hit.start for hit in found if hit.path == "loud.py"]
    assert loud == [3 + 4 * number for number in range(len(loud))]
    assert len(loud) > 5
    assert here.notices == [f"ruff: of loud.py only the first {len(loud)} hits are looked at."]


def test_of_too_many_rows_of_vulture_the_first_count(tmp_path: Path) -> None:
    here = ground(tmp_path, {"a.py": "".join(f"def lonely{number}():\n    pass\n" for number in range(300))})
    found = vulture.look(here, ("unused-function",), output=4_000)
    assert found[0].quoted == "lonely0"
    assert 10 < len(found) < 100
    assert "said too much" in here.notices[0]


def test_every_engine_says_its_version() -> None:
    assert ruff.version()[0].isdigit()
    assert vulture.version()[0].isdigit()
