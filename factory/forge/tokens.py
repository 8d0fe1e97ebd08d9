"""Where the token comes from: what Actions gave the job, or one minted for an App's installation with least rights."""

import threading
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from factory.contracts.errors import HubProblem, HubUnauthorized, HubUnreachable
from factory.contracts.record import Json
from factory.forge.answers import Reply, problem_of

Kind = Literal["app", "actions", "pat"]
LEAST: Mapping[str, str] = {
    "actions": "write", "checks": "write", "contents": "write", "issues": "write", "metadata": "read",
    "pull_requests": "write",
}  # fmt: skip
"""What a ship job's token may do: nothing about workflow files, administration, secrets or packages."""

Ask = Callable[[str, str, Json | None], Reply]
"""(verb, path, body) as the App itself, by a JSON web token. Raises OSError without an answer."""


class Tokens(Protocol):
    """The current token."""

    kind: Kind

    def token(self) -> str: ...

    def renew(self) -> bool:
        """Get another one because this one was refused. False: there is no other."""
        ...

    def login(self) -> str:
        """Under which name it writes; "" when only GitHub knows."""
        ...


class FixedToken:
    """GITHUB_TOKEN or a person's own token: it is what it is."""

    def __init__(self, token: str, kind: Kind) -> None:
        self.kind: Kind = kind
        self._token = token

    def token(self) -> str:
        return self._token

    def renew(self) -> bool:
        return False

    def login(self) -> str:
        """GITHUB_TOKEN cannot ask who it is, but is always the same."""
        return "github-actions[bot]" if self.kind == "actions" else ""


class AppTokens:
    """Mints installation tokens for one repository; each lives an hour."""

    kind: Kind = "app"

    def __init__(self, repo: str, ask: Ask, permissions: Mapping[str, str] = LEAST,
                 mask: Callable[[str], None] = lambda _: None) -> None:  # fmt: skip
        self._repo = repo
        self._ask = ask
        self._permissions = dict(permissions)
        self._mask = mask
        self._lock = threading.Lock()
        self._token = ""
        self._installation = 0
        self._slug = ""

    def token(self) -> str:
        with self._lock:
            if not self._token:
                self._mint()
            return self._token

    def renew(self) -> bool:
        with self._lock:
            self._mint()
        return True

    def login(self) -> str:
        """Under which name the App writes."""
        with self._lock:
            self._find()
        return f"{self._slug}[bot]"

    def _mint(self) -> None:
        self._find()
        body = {"repositories": [self._repo.partition("/")[2]], "permissions": self._permissions}
        data = self._json("POST", f"/app/installations/{self._installation}/access_tokens", body)
        token = data.get("token")
        if not isinstance(token, str) or not token:
            raise HubUnauthorized("GitHub gave the App no token.", 401)
        self._mask(token)
        self._token = token

    def _find(self) -> None:
        if self._installation:
            return
        data = self._json("GET", f"/repos/{self._repo}/installation", None)
        if not isinstance(data.get("id"), int):
            raise HubUnreachable("GitHub does not say which installation the App has here.")
        self._installation, self._slug = data["id"], str(data.get("app_slug", ""))

    def _json(self, verb: str, path: str, body: Json | None) -> Json:
        reply = self._asked(verb, path, body)
        if reply.status >= 300:
            raise _advised(problem_of(reply, f"{verb} {path} as the App"))
        data = reply.data()
        return data if isinstance(data, dict) else {}

    def _asked(self, verb: str, path: str, body: Json | None) -> Reply:
        """Minting twice does no harm, so a lost answer is asked for again."""
        for attempt in range(3):
            try:
                reply = self._ask(verb, path, body)
            except OSError as error:
                if attempt == 2:
                    raise HubUnreachable(f"{verb} {path}: no answer ({type(error).__name__}).") from None
            else:
                if reply.status < 500 or attempt == 2:
                    return reply
        raise AssertionError("unreachable")


def _advised(problem: HubProblem) -> HubProblem:
    said = {
        401: "FACTORY_APP_KEY is not the key of FACTORY_APP_ID, or this machine's clock is off.",
        404: "The App is not installed in this repository: install it, or remove FACTORY_APP_ID.",
        422: f"The App lacks a permission that ship jobs need: accept it in the App's settings ({problem}).",
    }
    return HubUnauthorized(said[problem.status], problem.status) if problem.status in said else problem
