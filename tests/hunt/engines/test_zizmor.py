"""zizmor on files of strangers."""

from pathlib import Path

from factory.hunt.engines import zizmor
from tests.hunt.trees import tree

BAD = "name: a\non: pull_request_target\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n"


def test_a_tree_without_workflows_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert zizmor.look(tree(tmp_path, {"a.py": "x = 1\n"}), ["dangerous-triggers"]) == []
    assert zizmor.look(tree(tmp_path, {".github/CODEOWNERS": "* @a\n"}), ["dangerous-triggers"]) == []


def test_a_broken_workflow_costs_itself_and_names_are_names(tmp_path: Path) -> None:
    ground = tree(tmp_path, {
        ".github/workflows/--fix $(x).yml": BAD, ".github/workflows/broken.yml": ": : [\n",
        ".github/workflows/bytes.yml": b"\xff\xfe\x00", ".github/workflows/deep.yml": "a: " + "[" * 20_000,
    })  # fmt: skip
    hits = zizmor.look(ground, ["dangerous-triggers"])
    assert [(hit.path, hit.start, hit.severity) for hit in hits] == [(".github/workflows/--fix $(x).yml", 2, "high")]
