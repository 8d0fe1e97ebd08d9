"""The state of the GitHub double: who there is, what they may do, what happened. `serve` has HTTP, `views` shapes."""

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from factory.simulator.hub import runs
from factory.simulator.hub.limits import Limits
from factory.simulator.hub.nouns import (
    RANK,
    App,
    Event,
    Issue,
    Kind,
    Level,
    Repository,
    Token,
    TokenKind,
    User,
)
from factory.simulator.hub.routes import Call, Faults, NoFaults, Refused

ACTIONS_BOT = ("github-actions[bot]", 41898282)
STARTERS = ("workflow_dispatch", "repository_dispatch")


class Hub:
    """A GitHub of our own. `folder` holds the bare repositories; `now` gives epoch seconds.

    Change state only under `with hub.lock:`; the server does so for each request. After a change call `emit`.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time, faults: Faults | None = None) -> None:
        self.folder = folder
        self.epoch = now
        self.limits = Limits(now)
        self.faults: Faults = faults or NoFaults()
        self.faults.attach(self)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.users: dict[str, User] = {}  # by lower-case login
        self.repos: dict[str, Repository] = {}  # by lower-case owner/name
        self.tokens: dict[str, Token] = {}
        self.spent: dict[str, int] = {}  # requests of tokens that are gone, by job
        self.apps: dict[int, App] = {}
        self.events: list[Event] = []
        self.violations: list[str] = []  # requests that GitHub's own description does not allow
        self.requests: list[tuple[str, str, int, str]] = []  # method, path, status, login: what was asked, in order
        self.extras: dict[str, Any] = {}  # other modules' tables
        self.runs: dict[int, runs.Run] = {}
        self.jobs: dict[int, runs.Job] = {}
        self.artifacts: dict[int, runs.Artifact] = {}
        self.url = ""  # of the API, while served: http://127.0.0.1:N/api/v3
        self.server_url = ""  # of pages and git, while served: http://127.0.0.1:N
        self._ids = 1_000_000
        self.user(ACTIONS_BOT[0], kind="Bot", id=ACTIONS_BOT[1])

    def now(self) -> str:
        return stamp(self.epoch())

    def next_id(self) -> int:
        with self.lock:
            self._ids += 1
            return self._ids

    # people and tokens

    def user(self, login: str, role: str = "", kind: Kind = "User", repo: str = "", id: int = 0) -> User:
        """A person or bot; with `role` also its role in `repo` (default: in every repository there is)."""
        with self.lock:
            found = self.users.get(login.lower())
            if not found:
                found = self.users[login.lower()] = User(login, id or self.next_id(), kind)
            for each in [self.repo(repo)] if repo else self.repos.values():
                if role:
                    each.roles[found.login.lower()] = role
            return found

    def person(self, login: str) -> User:
        found = self.users.get(login.lower())
        if not found:
            raise Refused(404, "Not Found")
        return found

    def role(self, repo: Repository, login: str) -> str:
        """GitHub's role_name: a custom one as it is called; `none` for a stranger in a private repository."""
        return repo.roles.get(login.lower(), "none" if repo.private else "read")

    def rank(self, repo: Repository, login: str) -> int:
        """RANK of the role; a custom role has its base's."""
        name = self.role(repo, login)
        return RANK.get(repo.custom_roles.get(name, name), 0)

    def token(
        self,
        login: str,
        repo: str = "",
        permissions: Mapping[str, Level] | None = None,
        kind: TokenKind = "pat",
        lasts: float = 0,
        job: str = "",
    ) -> str:
        """A new credential; of kind actions it belongs to github-actions[bot], whatever `login` says."""
        owner = ACTIONS_BOT[0] if kind == "actions" else self.user(login, kind="Bot" if kind == "app" else "User").login
        value = {"actions": "ghs_", "app": "ghs_", "pat": "ghp_", "jwt": ""}[kind] + secrets.token_hex(18)
        held = {name.replace("-", "_"): level for name, level in (permissions or {}).items()}
        expires = self.epoch() + lasts if lasts else 0
        with self.lock:
            self.tokens[value] = Token(value, owner, repo, kind, held, expires, job=job)
        return value

    def calls(self, job: str = "") -> int:
        """API requests made so far, by all tokens or by those of a job."""
        with self.lock:
            gone = sum(self.spent.values()) if not job else self.spent.get(job, 0)
            return gone + sum(token.used for token in self.tokens.values() if job in ("", token.job))

    def retire(self, value: str) -> None:
        """A token is valid no more; what it asked stays counted."""
        with self.lock:
            token = self.tokens.pop(value, None)
            if token:
                self.spent[token.job] = self.spent.get(token.job, 0) + token.used

    def may(self, token: Token | None, repo: Repository, name: str, level: str) -> bool:
        """Whether a token can do this in the repository: its own permissions, and for pats the owner's role."""
        if token is None or (token.repo and token.repo.lower() != repo.full_name.lower()):
            return not repo.private and level == "read"
        if not token.grants(name, level):
            return not repo.private and level == "read" and name != "actions"
        if token.kind != "pat":
            return True
        need = RANK["read"] if level == "read" else RANK["admin"] if level == "admin" else RANK["write"]
        if level == "write" and name in ("issues", "pull_requests"):
            need = RANK["read"]  # finer rules (labels: triage) stand in the handlers
        return self.rank(repo, token.login) >= need

    # repositories

    def repository(
        self, full_name: str, source: Path | None = None, private: bool = True, default_branch: str = "main"
    ) -> Repository:
        """A new repository: a copy of the one at `source`, else empty; its owner is admin."""
        from factory.simulator.hub.bare import create  # git comes in only here

        owner, _, name = full_name.partition("/")
        with self.lock:
            holder = self.user(owner)
            folder = self.folder / f"{owner}/{name}.git"
            create(folder, source, default_branch)
            repo = Repository(holder.login, name, self.next_id(), folder, self.now(), default_branch, private)
            repo.roles[holder.login.lower()] = "admin"
            self.repos[full_name.lower()] = repo
            return repo

    def repo(self, full_name: str) -> Repository:
        found = self.repos.get(full_name.lower())
        if not found:
            raise Refused(404, "Not Found")
        return found

    def issue(self, repo: Repository, number: int | str) -> Issue:
        """An issue or pull request by its number. Raises Refused 404."""
        found = repo.issues.get(int(number)) if str(number).isdigit() else None
        if not found:
            raise Refused(404, "Not Found")
        return found

    def number(self, repo: Repository) -> int:
        """The next number: issues and pull requests share them."""
        repo.last_number += 1
        return repo.last_number

    # what happened

    def emit(
        self, call: Call | None, repo: Repository, name: str, payload: Mapping[str, Any], ref: str = "", sha: str = "",
        actor: str = "",
    ) -> Event:  # fmt: skip
        """Record the webhook of a change. `payload` without repository and sender: they are added here.

        `call` says with which token it was made (None: by `actor` outside the API, as a person in the browser).
        """
        from factory.simulator.hub.views import repository_view, user_view

        login = actor or (call.login if call else repo.owner)
        whole = {"repository": repository_view(self, repo), "sender": user_view(self, login), **payload}
        event = Event(
            name, str(payload.get("action", "")), repo.full_name, login, whole,
            _starts(call.token if call else None, name, str(payload.get("action", ""))), ref, sha, self.now(),
            f"{self.next_id():032x}",
        )  # fmt: skip
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()
        return event

    @contextlib.contextmanager
    def later(self) -> Iterator[list[Event]]:
        """The events that happen inside the block, once it has ended."""
        start, found = len(self.events), list[Event]()
        yield found
        found += self.events[start:]


def _starts(token: Token | None, name: str, action: str) -> Any:
    """Events made with an Actions token start nothing, but dispatches do, and pull requests' runs are parked."""
    if token is None or token.kind != "actions" or name in STARTERS:
        return "yes"
    return "parked" if name == "pull_request" and action in ("opened", "synchronize", "reopened") else "no"


def stamp(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
