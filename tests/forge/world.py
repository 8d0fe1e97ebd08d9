"""A small world on the GitHub double: a repository, people, an issue, and the factory's own connection to it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from factory.forge.caller import Caller, Wire
from factory.forge.connect import connect
from factory.forge.effects import Effects
from factory.forge.github import GitHub, PyGithubWire
from factory.forge.limits import Limits
from factory.forge.markers import Markers
from factory.forge.tokens import FixedToken
from factory.simulator.hub.faults import FaultPlan
from factory.simulator.hub.nouns import Level, Repository
from factory.simulator.hub.serve import serve_hub
from factory.simulator.hub.state import Hub
from tests.forge.answering import REPO, TestClock
from tests.line.targets import git, repository

RUN = "gh-1-0123456789ab"
HEAD = "factory/1-x-0123abcd"
SHIP: dict[str, Level] = {
    "actions": "write", "checks": "write", "contents": "write", "issues": "write", "pull_requests": "write",
}  # fmt: skip


@dataclass
class World:
    hub: Hub
    repo: Repository
    faults: FaultPlan
    clock: TestClock
    url: str
    server_url: str
    token: str
    head: str  # commit of HEAD
    markers: Markers

    def github(self, wire: Wire | None = None, patience: float = 900.0) -> GitHub:
        """As a ship job has it: with an Actions token."""
        tokens = FixedToken(self.token, "actions")
        caller = Caller(REPO, wire or PyGithubWire(self.url), tokens, Limits(self.clock, patience), self.url)
        return GitHub(caller)

    def effects(self, wire: Wire | None = None, *, again: bool = False, run: str = RUN) -> Effects:
        return Effects(self.github(wire), self.markers, self.clock, run, again=again)

    def person(self, login: str = "ann", role: str = "write") -> GitHub:
        self.hub.user(login, role)
        environment = {"GITHUB_TOKEN": self.hub.token(login, REPO)}
        return connect(REPO, self.url, environment, TestClock())


@contextlib.contextmanager
def world(folder: Path, key: str = "k" * 32, seed: int = 0) -> Iterator[World]:
    source = repository(folder / "source", {"a.py": "x = 1\n"})
    git(source, "checkout", "-q", "-b", HEAD)
    (source / "a.py").write_text("x = 2\ny = 3\n")
    git(source, "commit", "-q", "-am", "change")
    clock, faults = TestClock(), FaultPlan(seed=seed, sleep=lambda _: None)
    hub = Hub(folder / "hub", now=clock.epoch, faults=faults)
    repo = hub.repository(REPO, source)
    with serve_hub(hub) as served:
        token = hub.token("", REPO, SHIP, kind="actions")
        head = git(source, "rev-parse", HEAD)
        made = World(hub, repo, faults, clock, served.url, served.server_url, token, head, Markers(key, REPO))
        made.person().create_issue("Broken", "It does not work.")
        yield made
