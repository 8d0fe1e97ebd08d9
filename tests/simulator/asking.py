"""A GitHub double with something in it, and a client that asks it over HTTP in the plainest way."""

import contextlib
import http.client
import json
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.simulator.hub import bare, runs
from factory.simulator.hub.nouns import Level, Repository, TokenKind
from factory.simulator.hub.routes import Faults
from factory.simulator.hub.serve import serve
from factory.simulator.hub.state import Hub

REPO = "/repos/octo/shop"
INPUTS = ("task", "dry", "a", *(f"i{n}" for n in range(25)))
WORKFLOW = (
    "name: Swarm\non:\n  workflow_dispatch:\n    inputs:\n"
    + "".join(f"      {name}:\n" for name in INPUTS)
    + "jobs: {}\n"
).encode()
FILES = {"README.md": b"one\ntwo\nthree\n", ".github/workflows/swarm.yml": WORKFLOW}


class Clock:
    """The hub's clock, moved by hand."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.time = start

    def __call__(self) -> float:
        return self.time


@dataclass
class Asked:
    status: int
    body: Any
    headers: Mapping[str, str]
    raw: bytes = b""


@dataclass
class World:
    hub: Hub
    repo: Repository
    clock: Clock
    base: str  # commit of main
    head: str  # commit of the branch `feature`
    url: str = ""

    def token(self, kind: TokenKind = "actions", **permissions: Level) -> str:
        return self.hub.token("octo", "octo/shop", permissions, kind=kind)

    @property
    def owner(self) -> str:
        """A classic token of the repository's owner."""
        return self.hub.token("octo")

    def ask(self, token: str, method: str, path: str, body: Any = None, raw: bytes | None = None) -> Asked:
        """One request on a connection of its own; `path` below the repository, or a whole address."""
        whole = path if path.startswith("http") else f"{self.url}{REPO}{path}"
        parts = urllib.parse.urlsplit(whole)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = {"Accept": "application/vnd.github+json", **({"Authorization": f"Bearer {token}"} if token else {})}
        data = raw if body is None else json.dumps(body)
        with contextlib.closing(connection):
            connection.request(method, whole.partition(parts.netloc)[2], data, headers)
            answer = connection.getresponse()
            got = answer.read()
        kind = answer.headers.get("Content-Type", "")
        return Asked(answer.status, json.loads(got) if got and "json" in kind else None, answer.headers, got)


@contextlib.contextmanager
def world(folder: Path, faults: Faults | None = None, private: bool = True) -> Iterator[World]:
    """octo/shop with two branches, served; violations of GitHub's description are the test's to look at."""
    clock = Clock()
    hub = Hub(folder, now=clock, faults=faults)
    repo = hub.repository("octo/shop", private=private)
    base = bare.write_commit(repo.folder, (), FILES, "start", hub.now())
    head = bare.write_commit(repo.folder, (base,), {"README.md": b"one\n2\nthree\n"}, "change", hub.now())
    bare.set_ref(repo.folder, "refs/heads/main", base)
    bare.set_ref(repo.folder, "refs/heads/feature", head)
    with serve(hub) as served:
        yield World(hub, repo, clock, base, head, served.url)


def finished_run(made: World, event: str = "issues") -> runs.Run:
    """A completed run of the workflow with a job and an artifact."""
    run = runs.start_run(made.hub, made.repo, ".github/workflows/swarm.yml", event=event, name="Swarm", sha=made.base)
    job = runs.add_job(made.hub, run, "gate", ("self-hosted", "gpu"))
    job.status, job.conclusion, job.log, job.runner = "completed", "failure", "said something\n", "box"
    runs.add_artifact(made.hub, run, "bundle", b"PK\x05\x06" + bytes(18))
    run.status, run.conclusion = "completed", "failure"
    return run
