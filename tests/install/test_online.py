"""`factory init` and `factory doctor` against the GitHub double: labels, pull request, and every missing part."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.forge.labels import LABELS
from factory.simulator.hub.runs import Runner, settings
from factory.simulator.hub.serve import Served, serve
from factory.simulator.hub.state import Hub
from tests.line.targets import factory, git, repository

SOURCE = "octo/dark-factory@" + "a" * 40
CI = "on: [push, pull_request]\njobs: {t: {env: {K: '${{ secrets.DEPLOY }}'}}}\n"


class Place:
    """A repository on the double and a clone of it here."""

    def __init__(self, tmp_path: Path, hub: Hub, served: Served) -> None:
        self.hub, self.served, self.tmp_path = hub, served, tmp_path
        self.clone = repository(tmp_path / "clone", {"a.py": "x = 1\n", ".github/workflows/ci.yml": CI})
        self.repo = hub.repository("octo/tea", source=self.clone)
        hub.user("octo", role="admin")
        self.token = hub.token("octo", "octo/tea", {}, kind="pat")

    def factory(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = factory(
            self.tmp_path / "state", *arguments, GITHUB_TOKEN=self.token, GITHUB_API_URL=self.served.url,
            GITHUB_SERVER_URL=self.served.server_url,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def doctor(self, code: int) -> dict[str, dict[str, str]]:
        rows = json.loads(self.factory("doctor", "--github", "octo/tea", "--json", code=code).stdout)
        return {row["part"]: row for row in rows}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    hub = Hub(tmp_path / "hub")
    with serve(hub) as served:
        yield Place(tmp_path, hub, served)


def init(place: Place, *more: str) -> dict[str, Any]:
    options = ("--repo", place.clone, "--factory", SOURCE, "--github", "octo/tea", "--json")
    found: dict[str, Any] = json.loads(place.factory("init", *options, *more).stdout)
    return found


def test_a_pull_request_and_labels_once(place: Place) -> None:
    """Running it again neither opens a second pull request nor makes a label twice."""
    for _ in range(2):
        done = init(place, "--pull")["done"]
        assert any("/octo/tea/pull/1" in line for line in done), done
    assert {label.name for label in LABELS} <= set(place.repo.labels)
    assert git(place.clone, "status", "--porcelain") == ""
    names = git(Path(place.repo.folder), "ls-tree", "-r", "--name-only", "factory-setup").splitlines()
    assert "FACTORY.md" in names
    assert place.hub.violations == []


def test_doctor_names_each_missing_part_and_its_remedy(place: Place) -> None:
    place.repo.actions_may_open_pulls = False
    before = place.doctor(code=1)
    assert before["labels"]["state"] == "missing"
    assert "factory init" in before["labels"]["detail"]
    assert before["default branch"]["state"] == "missing"
    assert before["box"]["state"] == "missing"
    assert before["FACTORY_GATE_KEY"]["state"] == "weaker"
    assert before["pull requests"]["state"] == "weaker"
    assert "held until a person clicks" in before["workflow ci.yml"]["detail"]
    init(place, "--pull")
    git(Path(place.repo.folder), "update-ref", "refs/heads/main", "factory-setup")
    found = settings(place.repo)
    found.secrets += ["FACTORY_GATE_KEY", "FACTORY_MARKER_KEY", "FACTORY_APP_KEY"]
    found.runners.append(Runner(1, "box", ("self-hosted", "Linux", "gpu")))
    half = place.doctor(code=1)
    assert half["FACTORY_GATE_PUBLIC"]["state"] == "missing"
    found.variables["FACTORY_GATE_PUBLIC"] = "x"
    after = place.doctor(code=0)
    assert {after[part]["state"] for part in ("labels", "default branch", "box", "FACTORY_GATE_KEY")} == {"ok"}
    assert place.hub.violations == []


def test_start_ci_auto_shows_what_would_see_secrets(place: Place, tmp_path: Path) -> None:
    """WFP-07: with an App's token and `auto` these workflows would run generated code with their secrets."""
    config = tmp_path / "factory.toml"
    config.write_text('[github]\nstart_ci = "auto"\n')
    done = place.factory("doctor", "--github", "octo/tea", "--config", config, "--json", code=1)
    row = next(row for row in json.loads(done.stdout) if row["part"] == "workflow ci.yml")
    assert row["state"] == "weaker"
    assert "DEPLOY" in row["detail"]
