"""`factory review` on two commits of a real repository, with recorded reviewers."""

import json
from pathlib import Path

from tests.line.targets import factory, git, repository, result

CODE = "def last(items):\n    return items[len(items) - 1]\n"
WORSE = "def last(items):\n    return items[len(items)]\n"
NONE = json.dumps({"findings": []})
WRONG = {
    "rule": "off-by-one", "path": "pick.py", "line": 2, "quote": "return items[len(items)]", "severity": "high",
    "confidence": 0.9, "message": "Reads one past the end: [1] raises IndexError.", "fix": "return items[-1]",
}  # fmt: skip
INVENTED = {**WRONG, "quote": "return items[99]", "rule": "invented"}
DANGER = {**WRONG, "rule": "tainted", "category": "CWE-78", "severity": "low"}


def change(tmp_path: Path) -> tuple[Path, Path]:
    """A repository whose branch `feature` made things worse, and settings with recorded reviewers."""
    repo = repository(tmp_path / "repo", {"pick.py": CODE, "test_pick.py": "def test_one():\n    assert True\n"})
    git(repo, "checkout", "-q", "-b", "feature")
    (repo / "pick.py").write_text(WORSE)
    git(repo, "commit", "-qam", "Pick the last one faster")
    git(repo, "checkout", "-q", "main")
    (repo / "later.py").write_text("x = 1\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "main went on")
    replies = [
        {"role": "hydra", "template": "hydra/correctness", "text": json.dumps({"findings": [WRONG, INVENTED]})},
        {"role": "injection", "text": json.dumps({"findings": [DANGER]})},
        *({"role": role, "text": NONE, "repeat": True} for role in ("hydra", "atlas", "threat")),
    ]
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "box.json").write_text(json.dumps({"label": "test", "replies": replies}))
    settings = '[endpoints.box]\nwire = "scripted"\nscript = "box.json"\nmodel = "recorded"\n'
    (folder / "factory.toml").write_text(settings)
    return repo, folder / "factory.toml"


def test_findings_of_a_branch_and_nothing_else(tmp_path: Path) -> None:
    """From the merge base, not from main's tip; a quote that no line holds is dropped; exit 1 for a high finding."""
    repo, config = change(tmp_path)
    out = tmp_path / "findings.json"
    done = factory(
        tmp_path / "state", "review", "--repo", repo, "--base", "main", "--head", "feature", "--config", config,
        "--out", out, "--json",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    found = result(done)
    assert [(item["rule"], item["path"], item["start"]) for item in found["findings"]] == [
        ("off-by-one", "pick.py", 2), ("tainted", "pick.py", 2),
    ]  # fmt: skip
    assert found["base"] == git(repo, "merge-base", "main", "feature")
    assert json.loads(out.read_text()) == found
    assert git(repo, "status", "--porcelain") == ""


def test_only_athena_looks(tmp_path: Path) -> None:
    repo, config = change(tmp_path)
    done = factory(
        tmp_path / "state", "review", "--repo", repo, "--head", "feature", "--config", config, "--eyes", "security"
    )
    assert done.returncode == 0, done.stderr
    assert "1 finding, 0 of them serious" in done.stdout
    assert "CWE-78" in done.stdout
    assert "off-by-one" not in done.stdout


def test_a_reviewer_that_says_nothing_readable_is_named(tmp_path: Path) -> None:
    """No findings must never mean that nobody looked."""
    repo, config = change(tmp_path)
    script = config.parent / "box.json"
    replies = json.loads(script.read_text())["replies"]
    mumbled = [{"role": "atlas", "text": "Looks fine to me!", "repeat": True}, *replies]
    script.write_text(json.dumps({"label": "test", "replies": mumbled}))
    arguments = ("--repo", repo, "--head", "feature", "--config", config)
    done = factory(tmp_path / "state", "review", *arguments, "--json")
    assert done.returncode == 1, done.stderr
    assert result(done)["notes"] == ["atlas.review gave no readable answer, so nobody looked with that eye"]
    roles = ("hydra", "atlas", "threat", "injection")
    mumbled = [{"role": role, "text": "Fine!", "repeat": True} for role in roles]
    script.write_text(json.dumps({"label": "test", "replies": mumbled}))
    done = factory(tmp_path / "other", "review", *arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert "No reviewer gave a readable answer" in done.stderr


def test_bad_input_gets_one_sentence(tmp_path: Path) -> None:
    repo, config = change(tmp_path)
    same = ("--base", "main", "--head", "main")
    for arguments, word in (
        (("--repo", repo), "Say what to review"),
        (("--repo", repo, "--head", "nope"), "There is no ref 'nope'"),
        (("--repo", repo, *same, "--config", config), "nothing to review"),
        (("--github", "a/b"), "OWNER/NAME#NUMBER"),
        (("--repo", repo, "--head", "feature", "--post"), "--post needs --github"),
        (("--repo", repo, "--head", "feature", "--eyes", "all-seeing"), "--eyes"),
    ):
        done = factory(tmp_path / "state", "review", *arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert word in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
