"""Dangerous workflows."""

from pathlib import Path

from tests.hunt.trees import found

JOB = "    runs-on: ubuntu-latest\n    steps:\n      - run: x\n"
JOBS = f"jobs:\n  a:\n{JOB}  b:\n{JOB}"


def test_permissions_that_are_not_set_are_one_finding_of_a_file(tmp_path: Path) -> None:
    findings = found(tmp_path, "workflow-defect", {".github/workflows/a.yml": f"name: a\non: push\n{JOBS}"})
    assert len([each for each in findings if "permissions" in each.message]) == 1


def test_the_trees_own_configuration_does_not_switch_it_off(tmp_path: Path) -> None:
    text = f"name: a\non: pull_request_target\npermissions: {{}}\n{JOBS}"
    files: dict[str, str | bytes] = {
        ".github/workflows/a.yml": text, "zizmor.yml": "rules:\n  dangerous-triggers:\n    disable: true\n",
        ".gitignore": "*.yml\n",
    }  # fmt: skip
    assert [each.start for each in found(tmp_path, "workflow-defect", files)] == [2]
