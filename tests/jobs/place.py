"""A repository on the GitHub double with jobs around it: real HTTP, real git, a clock that only sleeping moves."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.contracts.ticket import Ticket
from factory.forge.tickets import keypair, sign
from factory.jobs.context import JobContext
from factory.simulator.hub.faults import FaultPlan
from factory.simulator.hub.nouns import Issue, Level, Repository
from factory.simulator.hub.serve import Served, serve
from factory.simulator.hub.state import Hub
from tests.forge.answering import TestClock
from tests.line.targets import git, repository

REPO = "acme/shop"
SHIP: dict[str, Level] = {"checks": "write", "contents": "write", "issues": "write", "pull_requests": "write",
                          "actions": "write"}  # fmt: skip
GIVEN: dict[str, dict[str, Level]] = {"watch": {**SHIP, "statuses": "read"}}  # by job, where it is more
MARKER_KEY = "marker-key"


@dataclass
class Place:
    folder: Path
    hub: Hub
    served: Served
    clock: TestClock
    repo: Repository
    clone: Path  # a checkout of the default branch
    faults: FaultPlan
    seed: str
    public: str
    runs: int = 100

    @property
    def base_sha(self) -> str:
        return git(self.clone, "rev-parse", "HEAD")

    def issue(self, title: str = "Codes at the checkout", body: str = "Add them.", author: str = "ann") -> int:
        with self.hub.lock:
            number, now = self.hub.number(self.repo), self.hub.now()
            self.repo.issues[number] = Issue(number, self.hub.next_id(), title, body, author, now, now)
        return number

    def ticket(self, issue: int, event: str = "", **more: object) -> Ticket:
        facts: dict[str, object] = {
            "repo": REPO, "purpose": "swarm", "event": event or f"issues labeled {issue}", "actor": "ann",
            "actor_id": self.hub.user("ann").id, "role": "write", "issue": issue, "base": "main",
            "base_sha": self.base_sha, "issued": self.hub.now(),
        }  # fmt: skip
        return sign(Ticket.model_validate({**facts, **more}), self.seed)

    def job(self, ticket: Ticket, name: str = "open", run: int = 0, attempt: int = 1, event: str = "issues",
            payload: dict[str, Any] | None = None, needs: dict[str, Any] | None = None, temp: str = "",
            permissions: dict[str, Level] | None = None, **environment: str) -> JobContext:  # fmt: skip
        """The surroundings of one job of GitHub run `run`, with a token of its own."""
        run = run or self.next_run()
        place = self.folder / "jobs" / (temp or f"{run}-{attempt}-{name}")
        place.mkdir(parents=True, exist_ok=True)
        token = self.hub.token(
            "x", REPO, GIVEN.get(name, SHIP) if permissions is None else permissions, "actions", job=f"{run}-{name}"
        )
        return JobContext(
            event=event, payload=payload or {}, repo=REPO, run_id=run, attempt=attempt, sha=self.base_sha,
            ref="refs/heads/main", workflow=".github/workflows/dark-factory-swarm.yml", job=name,
            api_url=self.served.url, server_url=self.served.server_url, workspace=self.clone, temp=place,
            environment={
                "GITHUB_TOKEN": token, "GITHUB_ACTIONS": "true", "FACTORY_TICKET": ticket.to_json(),
                "FACTORY_GATE_PUBLIC": self.public, "FACTORY_MARKER_KEY": MARKER_KEY,
                "GITHUB_OUTPUT": str(place / "output"), "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
                "FACTORY_STATE": str(place / "state"), "FACTORY_NEEDS": json.dumps(needs or {}), **environment,
            },
        )  # fmt: skip

    def next_run(self) -> int:
        self.runs += 1
        return self.runs

    def comments(self, number: int) -> list[str]:
        return [each.body for each in self.repo.issues[number].comments]

    def sent(self, method: str, part: str = "") -> int:
        """How many requests of a kind went through."""
        return sum(verb == method and part in path and status < 400 for verb, path, status, _ in self.hub.requests)

    def ledger(self) -> list[dict[str, Any]]:
        """The books as they lie in the repository; nothing before the first row."""
        if not git(self.repo.folder, "for-each-ref", "refs/heads/factory-ledger"):
            return []
        names = git(self.repo.folder, "ls-tree", "--name-only", "factory-ledger").split()
        text = "\n".join(git(self.repo.folder, "show", f"factory-ledger:{name}") for name in names)
        return [json.loads(line) for line in text.splitlines()]


@contextlib.contextmanager
def place(folder: Path, source: Callable[[Path], Path] | None = None, clock: TestClock | None = None,
          faults: FaultPlan | None = None) -> Iterator[Place]:  # fmt: skip
    clock, faults = clock or TestClock(), faults or FaultPlan(sleep=lambda _: None)
    origin = source(folder / "origin") if source else repository(folder / "origin", {"a.py": "x = 1\n"})
    hub = Hub(folder / "hub", clock.epoch, faults)
    hub.user("ann")
    repo = hub.repository(REPO, origin)
    hub.user("ann", "write")
    seed, public = keypair()
    shutil.copytree(origin, folder / "clone")
    with serve(hub) as served:
        yield Place(folder, hub, served, clock, repo, folder / "clone", faults, seed, public)


def outputs(context: JobContext) -> dict[str, str]:
    """What the job wrote to GITHUB_OUTPUT."""
    path = Path(context.environment["GITHUB_OUTPUT"])
    found: dict[str, str] = {}
    lines = iter(path.read_text().splitlines() if path.exists() else [])
    for line in lines:
        name, _, mark = line.partition("<<")
        text = []
        for row in lines:
            if row == mark:
                break
            text.append(row)
        found[name] = "\n".join(text)
    return found
