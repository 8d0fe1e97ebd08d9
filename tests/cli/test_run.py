"""`factory run`: what is refused before anything is begun."""

from pathlib import Path

from tests.line.targets import factory, repository


def test_an_issue_without_any_model_is_refused_before_the_run(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"a.py": "x = 1\n"})
    (tmp_path / "issue.md").write_text("Two\n\nAdd two.\n")
    asked = ("run", "--repo", repo, "--issue", tmp_path / "issue.md", "--sandbox", "none")
    done = factory(tmp_path / "state", *asked, XDG_CONFIG_HOME=str(tmp_path / "none"))
    assert done.returncode == 2
    assert "No model is configured" in done.stderr
    assert "factory run --task tidy" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "No runs." in factory(tmp_path / "state", "runs", "list", "--all").stdout


def test_an_endpoint_that_does_not_answer_is_an_outage_and_the_run_is_kept(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"a.py": "x = 1\n"})
    (tmp_path / "issue.md").write_text("Two\n\nAdd two.\n")
    (tmp_path / "box.json").write_text('{"label": "down", "replies": [{"status": 404, "repeat": true}]}')
    (tmp_path / "factory.toml").write_text('[endpoints.box]\nwire = "scripted"\nscript = "box.json"\nprice_in = 0\n'
                                           "price_out = 0\n")  # fmt: skip
    asked = ("run", "--repo", repo, "--issue", tmp_path / "issue.md", "--config", tmp_path / "factory.toml")
    done = factory(tmp_path / "state", *asked, "--sandbox", "none")
    assert done.returncode == 1, done.stderr
    assert "stopped: no_model" in factory(tmp_path / "state", "runs", "list").stdout
