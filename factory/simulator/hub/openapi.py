"""Holds requests and answers of the GitHub double to GitHub's own OpenAPI description (pruned; it ships as data).

`refusal` is the server's step between permissions and handler: what GitHub would refuse (a body of the wrong form) is
a 422 here too, what GitHub silently ignores (an unknown parameter or field) is only noted; both stand in
`hub.violations`, and a test that ends with violations has failed.
"""

import functools
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.simulator.hub.routes import Answer, Call, Refused
from factory.simulator.hub.schemas import Checker, Schema

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

DATA = Path(__file__).parent.parent / "data" / "github.openapi.json"
OUTSIDE = ("/graphql", "/_")  # served by the double, but no part of the REST description
Problems = tuple[list[str], list[str]]


@dataclass(frozen=True)
class Operation:
    method: str
    template: str
    pattern: re.Pattern[str]
    parameters: tuple[Mapping[str, Any], ...]
    body: Mapping[str, Any] | None  # requestBody
    responses: Mapping[str, Any]

    @property
    def rank(self) -> tuple[int, int, int]:
        """Of two that match, the smaller one is meant: fewer names, then the longer text."""
        return self.template.count("{"), "/.+" in self.pattern.pattern, -len(self.template)

    def schema(self, status: int) -> Schema | None:
        """Of the JSON answer; None where there is none or it is not described."""
        content = self.responses.get(str(status), {}).get("content", {})
        found: Schema | None = content.get("application/json", {}).get("schema")
        return found


class Description:
    def __init__(self, document: Mapping[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        self._asked, self._answered = Checker(schemas, strict=True), Checker(schemas)
        self.source: str = document["info"]["source"]
        self.operations = tuple(_operations(document["paths"]))
        self._by_method: dict[str, list[Operation]] = {}
        for each in sorted(self.operations, key=lambda each: each.rank):
            self._by_method.setdefault(each.method, []).append(each)

    def find(self, method: str, path: str) -> Operation | None:
        """`path` as it was sent: with percent-encoding, without query. HEAD is asked for as GET."""
        path = re.sub(r"^(/repos/[^/]+/[^/]+/contents)/?$", r"\1/.", path)  # of the root folder: an empty {path}
        own = self._by_method.get("GET" if method == "HEAD" else method, ())
        return next((one for one in own if one.pattern.fullmatch(path)), None)

    def asked(
        self, operation: Operation, path: str, query: Mapping[str, str], body: Any
    ) -> tuple[list[str], list[str]]:
        """What is wrong with a request: (what GitHub refuses, what it would ignore). `body` None = none was sent."""
        refused = list(self._parameters(operation, path, query))
        known = {one["name"].removesuffix("[]") for one in operation.parameters if one["in"] == "query"}
        ignored = [
            f"?{name}: is no parameter that GitHub describes" for name in query if name.removesuffix("[]") not in known
        ]
        for problem in self._body(operation, body):
            (ignored if problem.endswith("GitHub describes") else refused).append(problem)
        return refused, ignored

    def answered(self, operation: Operation, status: int, body: Any) -> list[str]:
        """What is wrong with an answer of the double."""
        if str(status) not in operation.responses:
            general = status in (401, 403, 404, 422, 429) or status >= 500
            return [] if general else [f"status {status} is not described"]
        schema = operation.schema(status)
        if schema is not None:
            return self._answered.problems(schema, body)
        return ["a body where none is described"] if status == 204 and body not in (None, "", {}) else []

    def _parameters(self, operation: Operation, path: str, query: Mapping[str, str]) -> Iterator[str]:
        match = operation.pattern.fullmatch(path)
        places = match.groupdict() if match else {}
        for one in operation.parameters:
            asked = one["in"] == "query"
            text = query.get(one["name"]) if asked else places.get(_word(one["name"]))
            where = f"{'?' if asked else ''}{one['name']}"
            if text is not None:
                value = self._typed(one["schema"], text if asked else urllib.parse.unquote(text))
                schema = {name: rule for name, rule in one["schema"].items() if name != "format"}  # dates may be spans
                yield from self._asked.problems(schema, value, where)
            elif one["required"] and asked:
                yield f"{where}: was not supplied"

    def _typed(self, schema: Schema, text: str) -> Any:
        """A parameter's text as a value of the type it should have; as text when it is none."""
        schema = self._asked.resolve(schema)
        kinds = {one.get("type") for one in (schema, *map(self._asked.resolve, schema.get("oneOf", ())))}
        if kinds & {"integer", "number"} and re.fullmatch(r"-?\d+", text):
            return int(text)
        if "boolean" in kinds and text in ("true", "false"):
            return text == "true"
        return text.split(",") if "array" in kinds else text

    def _body(self, operation: Operation, body: Any) -> list[str]:
        if operation.body is None:
            return [] if body in (None, {}, "") else ["the body: is none that GitHub describes"]
        schema = operation.body["content"].get("application/json", {}).get("schema")
        if isinstance(body, list) and operation.template.endswith("/labels"):
            body = {"labels": body}  # said in the description's prose, not in its schema; PyGithub relies on it
        if body is None:
            return ["the body: was not supplied"] if operation.body["required"] else []
        return self._asked.problems(schema, body) if schema is not None else []


@functools.cache
def description() -> Description:
    return Description(json.loads(DATA.read_text(encoding="utf-8")))


def refusal(hub: "Hub", call: Call) -> Refused | None:
    """Checks a request, notes violations, and gives GitHub's answer to one that it would refuse."""
    if call.path.startswith(OUTSIDE):
        return None
    operation = description().find(call.method, call.path)
    name = f"{call.method} {call.path}"
    if operation is None:
        hub.violations.append(f"{name}: no operation of GitHub's description ({description().source})")
        return None
    if call.route is None:
        hub.violations.append(f"{name}: GitHub has it, this double does not")
        return None
    refused, ignored = description().asked(operation, call.path, call.query, call.body if call.raw else None)
    hub.violations += [f"{name}: {problem}" for problem in refused + ignored]
    if not refused:
        return None
    return Refused(422, "Invalid request.\n\n" + "\n".join(f"For {problem}." for problem in refused))


def check_response(method: str, path: str, answer: Answer) -> list[str]:
    """For the double's own tests: what GitHub's description has against this answer."""
    if path.startswith(OUTSIDE) or answer.raw is not None:
        return []
    operation = description().find(method, path)
    if operation is None:
        return [f"{method} {path}: no operation of GitHub's description"]
    return [
        f"{method} {path} {answer.status}: {one}"
        for one in description().answered(operation, answer.status, answer.body)
    ]


def _operations(paths: Mapping[str, Any]) -> Iterator[Operation]:
    for template, methods in paths.items():
        for method, one in methods.items():
            parameters = tuple(one["parameters"])
            yield Operation(
                method.upper(),
                template,
                _pattern(template, parameters),
                parameters,
                one.get("requestBody"),
                one["responses"],
            )


def _pattern(template: str, parameters: tuple[Mapping[str, Any], ...]) -> re.Pattern[str]:
    wide = {one["name"] for one in parameters if one.get("x-multi-segment")}
    parts = re.split(r"\{([^}]+)\}", template)
    texts = [re.escape(part) if place % 2 == 0 else f"(?P<{_word(part)}>{'.+' if part in wide else '[^/]+'})"
             for place, part in enumerate(parts)]  # fmt: skip
    return re.compile("".join(texts))


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name)
