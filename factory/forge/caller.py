"""One request to GitHub: allowed, within the limits, with a fresh token, and a typed problem when it fails.

Reads and requests that may be repeated are tried again. A POST that makes something never is: without an answer nobody
knows whether it was carried out, so the caller looks first (`once.py`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from factory.contracts.errors import HubLimited, HubProblem, HubUnauthorized, HubUnreachable
from factory.contracts.record import Json
from factory.forge.allowed import check, path_of
from factory.forge.answers import Reply, problem_of
from factory.forge.limits import MAX_WAIT, Limits
from factory.forge.tokens import Tokens

TRIES = 4
MAX_PAGES = 100
PER_PAGE = 100
JSON = "application/vnd.github+json"


class Wire(Protocol):
    """Carries one request, once."""

    def send(self, verb: str, path: str, query: Json, body: Json | None, accept: str, token: str) -> Reply:
        """Raises OSError when no answer came."""
        ...


class Caller:
    """For one repository with one token's rights."""

    def __init__(self, repo: str, wire: Wire, tokens: Tokens, limits: Limits, origin: str = "") -> None:
        self.repo = repo
        self.origin = origin  # the API's address
        self.limits = limits
        self.tokens = tokens
        self._wire = wire

    def call(self, verb: str, template: str, body: Json | None = None, *, query: Json | None = None,
             repeat: bool | None = None, **values: str | int) -> Any:  # fmt: skip
        """The answer's JSON. `repeat`: sending it twice does no harm; by default true for all but POST."""
        return self._reply(verb, template, body, query, repeat, JSON, values).data()

    def reply(self, verb: str, template: str, *, accept: str = JSON, **values: str | int) -> Reply:
        """The whole answer. Raises HubProblem for any that is no success (a redirection of a download is one)."""
        return self._reply(verb, template, None, None, None, accept, values)

    def _reply(self, verb: str, template: str, body: Json | None, query: Json | None, repeat: bool | None,
               accept: str, values: Mapping[str, str | int]) -> Reply:  # fmt: skip
        check(verb, template, body)
        path = path_of(template, self.repo, **values)
        again = verb != "POST" if repeat is None else repeat
        with self.limits.turn(write=verb != "GET"):
            return self._tried(verb, path, query or {}, body, accept, TRIES if again else 1)

    def _tried(self, verb: str, path: str, query: Json, body: Json | None, accept: str, tries: int) -> Reply:
        what, resource = f"{verb} {path}", "graphql" if path == "/graphql" else "core"
        faults = renewed = limits = 0
        while True:
            self.limits.admit(resource)
            try:
                reply = self._wire.send(verb, path, query, body, accept, self.tokens.token())
            except OSError as error:
                self.limits.unanswered()
                problem: HubProblem = HubUnreachable(f"{what}: no answer from GitHub ({type(error).__name__}).")
            else:
                if self.limits.answered(resource, reply):
                    limits += 1
                    if limits >= TRIES:
                        raise HubLimited(f"{what}: GitHub's rate limit does not lift: resume later.", MAX_WAIT)
                    continue
                if reply.status < 300 or reply.status == 302:
                    return reply
                problem = problem_of(reply, what)
            if isinstance(problem, HubUnauthorized) and not renewed and self.tokens.renew():
                renewed = 1
                continue
            faults += 1
            if not isinstance(problem, HubUnreachable) or faults >= tries:
                raise problem
            self.limits.pause(2.0 ** (faults - 1))

    def pages(self, template: str, key: str = "", *, query: Json | None = None, **values: str | int) -> Iterator[Any]:
        """Every item of a list, page by page, none twice. Ends, whatever the Link header says; fails closed."""
        seen: set[Any] = set()
        asked: dict[str, Any] = {**(query or {}), "per_page": PER_PAGE}
        for page in range(1, MAX_PAGES + 1):
            reply = self._reply("GET", template, None, asked, None, JSON, values)
            data = reply.data()
            rows = data.get(key) if key and isinstance(data, dict) else data
            if not isinstance(rows, list):
                raise HubUnreachable(f"GET {template}: the answer is not a list.", reply.status)
            new = [row for row in rows if _id(row) not in seen]
            seen.update(map(_id, new))
            yield from new
            cursor = _cursor(reply.headers.get("link", ""))
            if not rows or (len(rows) < PER_PAGE and cursor is None):
                return
            if not new:
                raise HubUnreachable(f"GET {template}: page {page} brings nothing new, the list has no end.")
            after = {name: text for name, text in (cursor or {}).items() if name in ("after", "cursor")}
            asked = {**(query or {}), "per_page": PER_PAGE, **(after or {"page": page + 1})}
        raise HubUnreachable(
            f"GET {template}: more than {MAX_PAGES * PER_PAGE:,} entries, that cannot be looked through."
        )


def _id(row: Any) -> Any:
    return row.get("id", row.get("name")) if isinstance(row, dict) else str(row)


def _cursor(link: str) -> dict[str, str] | None:
    """The query of the next page's address, or None when there is none. Its host and path are not followed."""
    for part in link.split(","):
        address, _, relation = part.partition(";")
        if 'rel="next"' in relation.replace(" ", ""):
            return dict(parse_qsl(urlsplit(address.strip(" <>")).query))
    return None
