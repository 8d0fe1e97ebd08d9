"""A small world around the GitHub double: one repository, a few people, PyGithub and git as clients.

Each answer of the double is held to GitHub's own description of it; a request that GitHub does not describe fails too.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import github
import httpx
from github.Repository import Repository as RemoteRepository

from factory.simulator.hub import bare, openapi
from factory.simulator.hub.nouns import Repository
from factory.simulator.hub.routes import Answer, Call, NoFaults
from factory.simulator.hub.serve import Served, serve
from factory.simulator.hub.state import Hub

START = 1_763_700_000.0  # 2025-11-21
WRITES = {"issues": "write", "contents": "write", "pull-requests": "write"}


class Watched(NoFaults):
    """Notes where an answer is not what GitHub describes."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def after(self, call: Call, answer: Answer) -> Answer:
        if not call.path.endswith(("/info/refs", "-pack")):
            self.problems += openapi.check_response(call.method, call.path, answer)
        return answer


@dataclass
class World:
    hub: Hub
    repo: Repository
    served: Served
    folder: Path
    watched: Watched
    clients: list[httpx.Client] = field(default_factory=list)

    def actions(self, **permissions: Any) -> str:
        """An Actions token; by default it may write issues, contents and pull requests."""
        return self.hub.token("", self.repo.full_name, permissions or dict(WRITES), kind="actions")

    def remote(self, token: str) -> RemoteRepository:
        client = github.Github(
            auth=github.Auth.Token(token), base_url=self.served.url, retry=None, per_page=100,
            seconds_between_requests=0, seconds_between_writes=0,
        )  # fmt: skip
        return client.get_repo(self.repo.full_name)

    def ask(self, method: str, path: str, token: str = "", body: Any = None, **headers: str) -> httpx.Response:
        """`path` below the repository, or from /users and the like on."""
        inside = path == "" or path.startswith(("/issues", "/pulls", "/git", "/labels", "/contents", "/coll", "/inst",
                                                "/branches", "/commits", "/compare"))  # fmt: skip
        url = f"{self.served.url}{f'/repos/{self.repo.full_name}' if inside else ''}{path}"
        given = {"Authorization": f"Bearer {token}"} if token else {}
        return self.clients[0].request(method, url, json=body, headers={**given, **headers})

    def commit(self, branch: str, files: dict[str, bytes | None], message: str = "change") -> str:
        """Straight into the bare repository: nobody is told."""
        old = bare.branch(self.repo.folder, branch) or bare.branch(self.repo.folder, "main")
        new = bare.write_commit(self.repo.folder, (old,) if old else (), files, message, self.hub.now())
        bare.set_ref(self.repo.folder, f"refs/heads/{branch}", new)
        return new

    def pull(self, token: str, branch: str = "work", **files: bytes) -> int:
        """A draft pull request that changes line 20 of a.txt, or other files; its number."""
        text = lines().replace(b"line 20\n", b"line twenty\n")
        self.commit(branch, {"a.txt": text, **files})
        body = {"title": "T", "body": "B", "head": branch, "base": "main", "draft": True}
        return int(self.ask("POST", "/pulls", token, body).raise_for_status().json()["number"])

    def git(self, *arguments: str, token: str = "", at: str = "") -> subprocess.CompletedProcess[str]:
        """A git client; `{url}` in an argument is the repository's address with the token in it."""
        word = f"x-access-token:{token}@" if token else ""
        url = f"{self.served.git_url}/{self.repo.full_name}.git".replace("://", f"://{word}", 1)
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
               "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
               "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
        return subprocess.run(["git", *(each.replace("{url}", url) for each in arguments)],
                              cwd=self.folder / at, env=env, capture_output=True, text=True, check=False)  # fmt: skip

    def events(self, name: str = "") -> list[tuple[str, str, str]]:
        return [(each.name, each.action, each.starts) for each in self.hub.events if name in ("", each.name)]


def lines() -> bytes:
    return b"".join(b"line %d\n" % number for number in range(1, 41))


@contextlib.contextmanager
def world(folder: Path, private: bool = True, odd: bool = False) -> Iterator[World]:
    """`odd`: this test asks for what GitHub does not describe."""
    watched, moment = Watched(), [START]
    hub = Hub(folder / "hub", now=lambda: moment[0], faults=watched)
    hub.extras["moment"] = moment
    repo = hub.repository("octo/shop", private=private)
    for login, role in (("wanda", "write"), ("tria", "triage"), ("rita", "read"), ("mina", "maintain")):
        hub.user(login, role=role)
    hub.user("stranger")
    first = bare.write_commit(repo.folder, (), {"a.txt": lines(), ".github/workflows/ci.yml": b"on: push\n"},
                              "first", hub.now())  # fmt: skip
    bare.set_ref(repo.folder, "refs/heads/main", first)
    with serve(hub) as served, httpx.Client(trust_env=False) as client:
        yield World(hub, repo, served, folder, watched, [client])
    assert not watched.problems
    assert odd or not hub.violations
