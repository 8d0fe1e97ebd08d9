"""Routes of the GitHub double: a decorator, the call that a handler gets, and what it may answer.

A module of handlers looks like this, and stands in `table.MODULES`:

    @route("GET", "/repos/{owner}/{repo}/issues/{number}", permission=("issues", "read"))
    def get_issue(hub: Hub, call: Call) -> Reply:
        return 200, issue_view(hub, call.repo, hub.issue(call.repo, call.params["number"]))

Templates are those of GitHub's OpenAPI description, names of parameters aside; `{path...}` also matches slashes.
"""

import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from factory.simulator.hub.nouns import Repository, Token

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

DOCS = "https://docs.github.com/rest"
Need = tuple[str, str]  # ("issues", "write")


@dataclass
class Answer:
    """`raw` instead of `body` for what is no JSON (diffs, archives)."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


Reply = tuple[int, Any] | Answer
Handler = Callable[["Hub", "Call"], Reply]


class Refused(Exception):
    """An error answer, as GitHub words it. `errors` are the objects (or sentences) of a 422."""

    def __init__(self, status: int, message: str, errors: Sequence[Any] = (), headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self.status, self.errors, self.headers = status, list(errors), dict(headers or {})

    def answer(self) -> Answer:
        body = {"message": str(self), "documentation_url": DOCS, "status": str(self.status)}
        return Answer(self.status, {**body, "errors": self.errors} if self.errors else body, self.headers)


def invalid(resource: str, field_name: str, code: str, message: str = "") -> Refused:
    """422 Validation Failed with one error object."""
    error = {"resource": resource, "field": field_name, "code": code}
    return Refused(422, "Validation Failed", [{**error, "message": message} if message else error])


class Dropped(Exception):
    """Raised by a fault: the connection ends without an answer (before: nothing was done; after: it was)."""


class Faults(Protocol):
    """What goes wrong on demand. Called outside the state's lock, so they may sleep."""

    def attach(self, hub: "Hub") -> None:
        """Once, by the hub that it is for."""
        ...

    def before(self, call: "Call") -> Answer | None:
        """An answer instead of handling (rate limit, 502), None to go on; may raise Dropped."""
        ...

    def after(self, call: "Call", answer: Answer) -> Answer:
        """The answer to send once the work is done; may raise Dropped or put a 502 in its place."""
        ...


class NoFaults:
    def attach(self, hub: "Hub") -> None:
        pass

    def before(self, call: "Call") -> Answer | None:
        return None

    def after(self, call: "Call", answer: Answer) -> Answer:
        return answer


@dataclass
class Call:
    """One request, matched to its route. `path` is without the prefix /api/v3 and without the query."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]  # lower-case names
    raw: bytes
    body: Any = None  # the JSON, {} when there is none
    params: dict[str, str] = field(default_factory=dict)
    token: Token | None = None
    route: "Route | None" = None
    found: Repository | None = None  # of {owner}/{repo}

    @property
    def login(self) -> str:
        """Who asks; "" without a token."""
        return self.token.login if self.token else ""

    @property
    def repo(self) -> Repository:
        if self.found is None:
            raise Refused(404, "Not Found")
        return self.found

    def number(self, name: str) -> int:
        """A path parameter that is a whole number, else 404."""
        text = self.params.get(name, "")
        if not text.isdigit() or len(text) > 18:
            raise Refused(404, "Not Found")
        return int(text)

    def accepts(self, word: str) -> bool:
        return word in self.headers.get("accept", "")


@dataclass(frozen=True)
class Route:
    """`needs`: any one of them is enough; () = anybody with a valid token, `public` = even without one."""

    method: str
    template: str
    handler: Handler
    needs: tuple[Need, ...] = ()
    public: bool = False
    pattern: re.Pattern[str] = field(default=re.compile(""), compare=False)

    def __call__(self, hub: "Hub", call: Call) -> Reply:
        return self.handler(hub, call)


def route(
    method: str, template: str, permission: Need | list[Need] | None = None, public: bool = False
) -> Callable[[Handler], Route]:
    """Makes a handler a Route; a module's Routes are found by `collect`."""
    needs = tuple(permission) if isinstance(permission, list) else (permission,) if permission else ()

    def made(handler: Handler) -> Route:
        return Route(method, template, handler, needs, public, _pattern(template))

    return made


def _pattern(template: str) -> re.Pattern[str]:
    text = re.sub(r"\\{(\w+)\\.\\.\\.\\}", r"(?P<\1>.+)", re.escape(template))
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", text))


def collect(modules: Iterable[ModuleType]) -> list[Route]:
    return [found for module in modules for found in vars(module).values() if isinstance(found, Route)]


class Table:
    """All routes; templates with fewer parameters win."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, int], list[Route]] = {}
        for each in sorted(routes, key=lambda each: each.template.count("{")):
            depth = -1 if "...}" in each.template else each.template.count("/")
            self._routes.setdefault((each.method, depth), []).append(each)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for depth in (path.count("/"), -1):
            for each in self._routes.get((method, depth), ()):
                if match := each.pattern.fullmatch(path):
                    return each, {name: urllib.parse.unquote(text) for name, text in match.groupdict().items()}
        return None


def paged(hub: "Hub", call: Call, items: Sequence[Any], view: Callable[[Any], Any], key: str = "") -> Answer:
    """One page of a list with its Link header. `key`: for those answers that are {total_count, KEY: [...]}."""
    size = max(1, min(100, _whole(call.query.get("per_page"), 30)))
    page = max(1, _whole(call.query.get("page"), 1))
    last = max(1, -(-len(items) // size))
    shown = [view(item) for item in items[(page - 1) * size : page * size]]
    links = {"prev": page - 1, "first": 1} if page > 1 else {}
    links |= {"next": page + 1, "last": last} if page < last else {}
    text = ", ".join(f'<{_link(hub, call, number)}>; rel="{name}"' for name, number in links.items())
    body: Any = {"total_count": len(items), key: shown} if key else shown
    return Answer(200, body, {"Link": text} if text else {})


def _link(hub: "Hub", call: Call, page: int) -> str:
    return f"{hub.url}{call.path}?{urllib.parse.urlencode({**call.query, 'page': page})}"


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() and len(text) < 10 else default


def as_json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
