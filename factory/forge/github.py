"""GitHub: every seam of contracts/hub.py in one object, on PyGithub's requests. The only module that imports it.

PyGithub carries single requests and signs an App's; retries, limits, paging and the errors are ours (`caller.py`),
because its own retry repeats a POST whose answer was lost.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from factory.contracts.record import Json
from factory.forge.access import AccessCalls
from factory.forge.answers import Reply
from factory.forge.caller import JSON
from factory.forge.check_runs import CheckCalls
from factory.forge.ci import CheckLogCalls
from factory.forge.issues import IssueCalls, LabelCalls
from factory.forge.reviews import PullCalls
from factory.forge.scanning import ScanCalls
from factory.forge.threads import ThreadCalls
from factory.forge.workflow_runs import DispatchCalls, RunCalls

if TYPE_CHECKING:
    from github.Auth import Auth
    from github.Requester import Requester

TIMEOUT = 30  # seconds
API_VERSION = "2022-11-28"


class GitHub(
    AccessCalls,
    IssueCalls,
    LabelCalls,
    PullCalls,
    ThreadCalls,
    CheckCalls,
    CheckLogCalls,
    RunCalls,
    DispatchCalls,
    ScanCalls,
):
    """One repository. The parts share one caller and override nothing of each other; a job may be given one alone."""


class PyGithubWire:
    """Implements caller.Wire: one connection, made again when the token changes."""

    def __init__(self, api_url: str) -> None:
        self.origin = api_url
        self._token = ""
        self._requester: Requester | None = None

    def send(self, verb: str, path: str, query: Json, body: Json | None, accept: str, token: str) -> Reply:
        from github.Auth import Token

        if self._requester is None or token != self._token:
            self._requester, self._token = _requester(self.origin, Token(token) if token else None), token
        return _send(self._requester, verb, path, query, body, accept)


class PyGithubApp:
    """Asks as an App: a JSON web token by GitHub's clock, which a wrong clock of ours is compared with once."""

    def __init__(self, api_url: str, app: str, key: str) -> None:
        self._origin = api_url
        self._app = app
        self._key = key
        self._skew = 0.0

    def __call__(self, verb: str, path: str, body: Json | None) -> Reply:
        reply = self._once(verb, path, body)
        if reply.status == 401 and (skew := self._off(reply)):
            self._skew = skew
            reply = self._once(verb, path, body)
        return reply

    def _once(self, verb: str, path: str, body: Json | None) -> Reply:
        from github.Auth import AppAuth

        auth = AppAuth(self._app, sign_func=self._shifted(AppAuth.create_jwt_sign(self._key, "RS256")))
        return _send(_requester(self._origin, auth), verb, path, {}, body, JSON)

    def _shifted(self, sign: Callable[[dict[str, Any]], "str | bytes"]) -> Callable[[dict[str, Any]], "str | bytes"]:
        def shifted(claims: dict[str, Any]) -> "str | bytes":
            moved = {name: int(claims[name] + self._skew) for name in ("iat", "exp")}
            return sign({**claims, **moved})

        return shifted

    def _off(self, reply: Reply) -> float:
        """Seconds GitHub's clock is ahead of ours, 0 when they agree well enough."""
        import time

        skew = reply.date.timestamp() - time.time() if reply.date else 0.0
        return skew if abs(skew) > 20 else 0.0


def _requester(origin: str, auth: "Auth | None") -> "Requester":
    from github.Requester import Requester

    return Requester(
        auth=auth, base_url=origin, timeout=TIMEOUT, user_agent="dark-factory", per_page=100, verify=True, retry=0,
        pool_size=None, lazy=True, api_version=API_VERSION,
    )  # fmt: skip


def _send(requester: "Requester", verb: str, path: str, query: Json, body: Json | None, accept: str) -> Reply:
    """Raises OSError without an answer (the errors of `requests` are such)."""
    try:
        status, headers, text = requester.requestJson(verb, path, query, {"Accept": accept}, body)
    except (RuntimeError, AssertionError) as error:  # a redirection to another host or scheme
        raise OSError(str(error)) from None
    return Reply(status, headers, text)
