"""`factory init` on real repositories: what it writes, that it updates only that, and what it refuses."""

import json
import stat
from pathlib import Path

import yaml

from factory.install.triggered import triggered
from factory.install.written import planned, stamped
from tests.line.targets import factory, git, repository, result

SOURCE = "octo/dark-factory@" + "a" * 40
OTHER = "octo/dark-factory@" + "b" * 40


def init(tmp_path: Path, repo: Path, *more: str | Path, source: str = SOURCE, code: int = 0) -> dict[str, object]:
    done = factory(tmp_path / "state", "init", "--repo", repo, "--factory", source, "--json", *more)
    assert done.returncode == code, done.stderr
    return result(done) if code == 0 else {"said": done.stderr}


def test_a_first_time_then_again_then_a_newer_factory(tmp_path: Path) -> None:
    """New, then nothing to do, then updated; what the owner edited or wrote stays."""
    repo = repository(tmp_path / "r", {"a.py": "x = 1\n", ".github/workflows/ci.yml": "on: push\n"})
    first = init(tmp_path, repo)
    assert {item["fate"] for item in first["files"]} == {"new"}  # type: ignore[index]  # JSON
    written = sorted(path.relative_to(repo).as_posix() for path in repo.rglob("*") if ".git/" not in f"{path}/")
    assert "factory.toml" in written
    assert "FACTORY.md" in written
    callers = sorted((repo / ".github/workflows").glob("factory-*.yml"))
    assert callers
    for path in callers:
        assert "a" * 40 in path.read_text()
        assert "jobs" in yaml.safe_load(path.read_text())
    assert git(repo, "log", "--oneline").count("\n") == 0, "nothing is committed"
    again = init(tmp_path, repo)
    assert {item["fate"] for item in again["files"]} == {"same"}  # type: ignore[index]  # JSON
    callers[0].write_text(callers[0].read_text() + "# mine\n")
    (repo / "factory.toml").write_text("[budget]\nrun_usd = 9\n")
    newer = {item["path"]: item["fate"] for item in init(tmp_path, repo, source=OTHER)["files"]}  # type: ignore[attr-defined]  # JSON
    assert newer[callers[0].relative_to(repo).as_posix()] == "edited"
    assert newer["factory.toml"] == "same"
    assert newer[callers[1].relative_to(repo).as_posix()] == "update"
    assert callers[0].read_text().endswith("# mine\n")
    assert "run_usd = 9" in (repo / "factory.toml").read_text()
    assert (repo / ".github/workflows/ci.yml").read_text() == "on: push\n"
    init(tmp_path, repo, "--force", source=OTHER)
    assert "# mine" not in callers[0].read_text()


def test_on_a_branch_nothing_of_the_checkout_moves(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    before = git(repo, "rev-parse", "HEAD")
    (repo / "a.py").write_text("x = 2\n")
    init(tmp_path, repo, "--branch")
    assert git(repo, "status", "--porcelain") == "M a.py"
    assert git(repo, "rev-parse", "HEAD") == before
    assert git(repo, "rev-parse", "factory-setup~1") == before
    assert "factory.toml" in git(repo, "ls-tree", "-r", "--name-only", "factory-setup").splitlines()
    git(repo, "branch", "-f", "factory-setup", "main")
    said = init(tmp_path, repo, "--branch", code=2)["said"]
    assert "Somebody else committed to the branch factory-setup" in str(said)


def test_what_it_refuses(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    assert "all 40 digits" in str(init(tmp_path, repo, source="octo/dark-factory@v1", code=2)["said"])
    assert "not a git repository" in str(init(tmp_path, tmp_path, code=2)["said"])
    assert "--pull needs --github" in str(init(tmp_path, repo, "--pull", code=2)["said"])
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo / ".github").symlink_to(outside)
    assert "leads out of" in str(init(tmp_path, repo, code=2)["said"])
    assert list(outside.iterdir()) == []


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    assert init(tmp_path, repo, "--dry")["dry"] is True
    assert git(repo, "status", "--porcelain") == ""


def test_a_file_of_somebody_else_s_is_left_alone() -> None:
    assert planned("FACTORY.md", "new\n", "mine\n").fate == "foreign"
    assert planned("FACTORY.md", "new\n", stamped("FACTORY.md", "old\n")).fate == "update"
    assert planned("FACTORY.md", "new\n", stamped("FACTORY.md", "old\n") + "more\n").fate == "edited"
    assert planned("FACTORY.md", "new\n", "mine\n", force=True).writes


def test_the_runner_s_hook(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    runner = tmp_path / "runner"
    runner.mkdir()
    assert "not the folder of a configured runner" in str(
        init(tmp_path, repo, "--runner", runner, "--keys", code=2)["said"]
    )
    (runner / ".runner").write_text(json.dumps({"agentName": "box"}))
    (runner / ".env").write_text("LANG=C.UTF-8\nACTIONS_RUNNER_HOOK_JOB_STARTED=/old\n")
    assert "is not OWNER/NAME" in str(init(tmp_path, repo, "--runner", runner, code=2)["said"])


def test_which_workflows_would_run_generated_code() -> None:
    job = "{a: {env: {K: '${{ secrets.DEPLOY }} ${{ secrets.GITHUB_TOKEN }}'}}}"
    text = f"on:\n  push:\n  pull_request:\njobs: {job}\n"
    found = triggered("ci.yml", text)
    assert found is not None
    assert (found.by, found.secrets) == (("push", "pull_request"), ("DEPLOY",))
    assert triggered("x.yml", "on: workflow_dispatch\n").by == ()  # type: ignore[union-attr]  # a workflow
    assert triggered("x.yml", "on: [push]\njobs: {a: {uses: x, secrets: inherit}}\n").by == ("push",)  # type: ignore[union-attr]  # a workflow
    assert triggered("x.yml", "{{{") is None


def test_the_hook_s_script_may_be_run(tmp_path: Path) -> None:
    from factory.install.runner_hook import set_up

    runner = tmp_path / "runner"
    runner.mkdir()
    (runner / ".runner").write_text("{}")
    (runner / ".env").write_text("LANG=C.UTF-8\nACTIONS_RUNNER_HOOK_JOB_STARTED=/old\n")
    for _ in range(2):
        hook = set_up(runner, "octo/tea", "main")
    lines = (runner / ".env").read_text().splitlines()
    assert lines[0] == "LANG=C.UTF-8"
    assert f"ACTIONS_RUNNER_HOOK_JOB_STARTED={hook}" in lines
    assert sum(line.startswith("ACTIONS_RUNNER_HOOK") for line in lines) == 1
    assert stat.S_IMODE(hook.stat().st_mode) & 0o111
