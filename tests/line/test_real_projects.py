"""The line on real projects of different build systems and layouts: what it says is what their own runs say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.line.projects import HUMANIZE, PROJECTS, Project, fetch, own_counts, repository, run
from tests.line.targets import factory, git, result

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pip (`pip/bin/python`), the fetched sources and one state, so that environments are reused."""
    folder = tmp_path_factory.mktemp("projects")
    run(["uv", "venv", "--quiet", "--seed", folder / "pip"], folder)
    return folder


def source(project: Project, shared: Path) -> Path:
    folder = shared / "sources" / project.name
    if not folder.exists():
        folder.mkdir(parents=True)
        fetch(project, folder, shared / "pip" / "bin" / "python")
    return folder / project.stem


def record(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(value["run_json"]).read_text())
    return found


def delivered(repo: Path, value: dict[str, Any]) -> str:
    """The pull request's text, after a look at its branch: the judged tree on top of the released source."""
    assert git(repo, "for-each-ref", "--format=%(refname:short)", "refs/heads/factory") == value["branch"]
    assert git(repo, "rev-parse", f"{value['branch']}^{{tree}}") == value["tree"]
    assert git(repo, "merge-base", "main", value["branch"]) == git(repo, "rev-parse", "main")
    assert git(repo, "status", "--porcelain", "--ignored") == "", "the user's checkout is untouched"
    return Path(value["pull"]["url"]).read_text()


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_tidy(project: Project, shared: Path, tmp_path: Path) -> None:
    """Tests are found, counted as their own runner counts them, and run on the change's code; the rest follows."""
    repo = repository(source(project, shared), tmp_path / "repository")
    (tmp_path / "own").mkdir()
    own = own_counts(project, source(project, shared), tmp_path / "own")
    assert own["passed"] > 20

    done = factory(shared / "state", "run", "--repo", repo, "--task", "tidy", "--json", seconds=500)
    value = result(done)
    evidence = record(value)["evidence"]
    (suite,) = [each for each in evidence["suites"] if each["name"] == project.suite]
    for side in ("base", "candidate"):
        assert {key: suite[side]["counts"][key] for key in own} == own, side
    assert len(suite["preexisting"]) == own["failed"] + own["errors"]
    assert not [*suite["broken"], *suite["vanished"], *suite["newly_skipped"]]
    assert evidence["tests_found"]
    assert evidence["sandbox"].startswith("bubblewrap")
    rules = {finding["rule"] for finding in evidence["findings"]}
    assert not rules & {"imports_elsewhere", "tests_tampered"}

    text = delivered(repo, value)
    assert "No model judged this" in text
    assert f"{own['passed']} passed" in text
    new = [finding for finding in evidence["findings"] if finding["source"] in ("lint", "types")]
    assert value["pull"]["draft"] == bool(new), "ready unless a linter or type checker has something new to say"
    assert done.returncode == int(bool(new))
    changed = git(repo, "diff", "--name-only", "main", value["branch"]).split()
    assert changed
    assert all(path.endswith((".py", ".pyi")) for path in changed)


ISSUE = """naturalsize gives the wrong unit just below the next one

`humanize.naturalsize(999_999)` returns `1000.0 kB`; it should return `1.0 MB`. The same is wrong for
`naturalsize(1024**2 - 1, binary=True)`, which returns `1024.0 KiB` and not `1.0 MiB`.
"""
TEST = "tests/test_filesize_rounding.py"
CODE = f"""### edit src/humanize/filesize.py
<<<<<<< SEARCH
        if abs_bytes < unit:
            break
=======
        if abs_bytes < unit and round(base * abs_bytes / unit, 1) < base:
            break
>>>>>>> REPLACE

### write {TEST}
<<<<<<< CONTENT
\"\"\"A size that would be rounded up to the next unit is given in that unit.\"\"\"
from __future__ import annotations

import humanize


def test_decimal_just_below_the_next_unit() -> None:
    assert humanize.naturalsize(999_999) == "1.0 MB"
    assert humanize.naturalsize(999_949) == "999.9 kB"


def test_binary_just_below_the_next_unit() -> None:
    assert humanize.naturalsize(1024**2 - 1, binary=True) == "1.0 MiB"
>>>>>>> END
"""
PLAN = {
    "summary": "Take the next unit when the rounded number reaches it.", "effort": 2,
    "acceptance": [{"id": "A1", "text": "999,999 bytes are 1.0 MB."},
                   {"id": "A2", "text": "1024**2 - 1 bytes are 1.0 MiB."}],
    "units": [{"id": "fix", "role": "backend", "title": "Round before the unit is chosen",
               "instructions": "Change the loop in src/humanize/filesize.py and test it.",
               "owns": ["src/humanize/filesize.py", TEST], "acceptance": ["A1", "A2"]}],
}  # fmt: skip
JUDGED = {
    "evidence": [{"criterion": "A1", "shown_by": [f"{TEST}::test_decimal_just_below_the_next_unit"]},
                 {"criterion": "A2", "shown_by": [f"{TEST}::test_binary_just_below_the_next_unit"]}],
    "reasons": ["Both new tests are red on the base and green on the candidate; the others hold."],
    "must_fix": [], "decision": "ACCEPT",
}  # fmt: skip
SETTINGS = """\
[endpoints.box]
wire = "scripted"
script = "box.json"
model = "recorded"
logprobs = true

[line]
coding = "write"
"""


def recorded(folder: Path) -> Path:
    """Settings over answers that plan, fix, find nothing, and accept."""
    folder.mkdir()
    looks = ("hydra/correctness", "hydra/tests", "hydra/design", "threat/audit", "injection/audit")
    replies = [
        {"role": "atlas", "text": json.dumps(PLAN)},
        {"role": "backend", "text": CODE},
        *({"template": template, "text": '{"findings": []}', "repeat": True} for template in looks),
        {"role": "genesis", "text": json.dumps(JUDGED), "margin": 3.0},
    ]
    (folder / "box.json").write_text(json.dumps({"label": "recorded answers of a test", "replies": replies}))
    (folder / "factory.toml").write_text(SETTINGS)
    return folder / "factory.toml"


def test_a_bug_of_a_real_project_fixed_by_a_recorded_coder(shared: Path, tmp_path: Path) -> None:
    """The new tests are red on the released source and green on the change: so they ran on each one's own code."""
    repo = repository(source(HUMANIZE, shared), tmp_path / "repository")
    (tmp_path / "issue.md").write_text(ISSUE)
    done = factory(shared / "state", "run", "--repo", repo, "--issue", tmp_path / "issue.md", "--config",
                   recorded(tmp_path / "settings"), "--json", seconds=500)  # fmt: skip
    assert done.returncode == 0, done.stderr
    value = result(done)
    evidence = record(value)["evidence"]
    assert evidence["bug_shown"]
    assert set(evidence["bug_tests"]) >= {f"{TEST}::test_decimal_just_below_the_next_unit"}
    whole, own = [each for each in evidence["suites"] if each["name"].startswith("pytest")]
    assert (whole["broken"], own["added"]) == ([], sorted(JUDGED["evidence"][n]["shown_by"][0] for n in (1, 0)))

    text = delivered(repo, value)
    assert value["decision"] == "accept"
    assert not value["pull"]["draft"]
    assert "test_binary_just_below_the_next_unit" in text
    assert "recorded answers" in text
    log = git(repo, "log", "--format=%(trailers:key=Factory-Unit,valueonly,separator=%x2C)", f"main..{value['branch']}")
    assert log == "fix"
