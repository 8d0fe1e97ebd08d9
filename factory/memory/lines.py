"""Lines of the memory as they are written and read: JSON, one a line, each with a digest of itself as its id.

What is read is untrusted, wherever it comes from: a line that is not exactly what we would have written is refused
with a reason and never recalled.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from factory.contracts.memory import Decision, Line, Observation, Suggestion, short_id
from factory.contracts.record import ValidationError
from factory.memory.screen import known_rule, plain_path, plain_symbol, plain_tool, suspicious

MAX_LINE = 16_384  # bytes
MAX_LINES = 50_000  # of one import
AHEAD_S = 86_400  # a clock that is wrong by less than a day is nobody's attack
L = TypeVar("L", Observation, Suggestion, Decision, Line)
_KINDS: dict[str, type[Observation] | type[Suggestion] | type[Decision]] = {
    "observation": Observation, "suggestion": Suggestion, "decision": Decision,
}  # fmt: skip


@dataclass(frozen=True)
class Bad:
    """A line that was refused, and why. `text` is cut; it is only ever shown to people, escaped."""

    text: str
    why: str


def signed(line: L) -> L:
    """The line with its id."""
    return line.but(id=id_of(line))


def id_of(line: Line) -> str:
    return short_id(line.model_dump_json(exclude={"id"}, exclude_defaults=True), line.line)


def fact(line: Line) -> str:
    """What the line says, whenever it was said."""
    return line.model_dump_json(exclude={"id", "at"})


def written(line: Line) -> str:
    """One line of JSON with its end."""
    return json.dumps({"line": line.line, **line.model_dump(mode="json", exclude_defaults=True)},
                      ensure_ascii=False, sort_keys=True) + "\n"  # fmt: skip


def read(raw: bytes, now: float) -> Iterator[Line | Bad]:
    """Every line of a file. `now`: seconds of the epoch; a line from the future is refused. Of a file that is too long
    the end counts: there the newest lines are."""
    lines = raw.splitlines()
    if len(lines) > MAX_LINES:
        yield Bad("", f"more than {MAX_LINES:,} lines: those before were not read")
    for text in lines[-MAX_LINES:]:
        if text.strip():
            yield parsed(text, now)


def parsed(raw: bytes, now: float) -> Line | Bad:
    """One line, or why it is none."""
    if len(raw) > MAX_LINE:
        return _bad(raw, f"longer than {MAX_LINE:,} bytes")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return _bad(raw, "not JSON")
    kind = _KINDS.get(str(value.get("line"))) if isinstance(value, dict) else None
    if kind is None:
        return _bad(raw, "of no known kind")
    try:
        line = kind.model_validate(value, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        return _bad(raw, f"not the record it says: {'.'.join(map(str, first['loc']))[:80] or 'value'}: {first['type']}")
    why = problem(line, now)
    return _bad(raw, why) if why else line


def loaded(text: str) -> Line:
    """A line of our own database: it was checked when it came in."""
    value = json.loads(text)
    return _KINDS[value["line"]].model_validate(value)


def problem(line: Line, now: float) -> str:
    """Why a well-formed line is refused all the same, '' when it is not."""
    if line.id != id_of(line):
        return "its id is not the digest of the line"
    at = epoch(line.at)
    if at is None or at < 0:
        return "its time is none"
    if at > now + AHEAD_S:
        return "it comes from the future"
    return _of_text(line)


def _of_text(line: Line) -> str:
    if isinstance(line, Suggestion):
        return suspicious(line.text) or _names(line.paths, "", (line.role,))
    if isinstance(line, Decision):
        return suspicious(line.who)
    if not known_rule(line.tool, line.rule):
        return "its rule is in words that are not ours"
    about = "" if not line.about or plain_path(line.about) else "what it is about is no name"
    return about or _names(line.paths, line.symbol, (line.tool,))


def _names(paths: Iterable[str], symbol: str, tools: Iterable[str]) -> str:
    if not all(map(plain_path, paths)):
        return "a path that is no plain path"
    if symbol and not plain_symbol(symbol):
        return "a symbol that is no plain name"
    return "" if all(plain_tool(tool) for tool in tools if tool) else "a tool that is no plain name"


def epoch(at: str) -> float | None:
    """Seconds of the epoch of an ISO 8601 time, None when it is none."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError):
        return None


def iso(seconds: float) -> str:
    """Seconds of the epoch as lines have their time."""
    moment = datetime.fromtimestamp(max(seconds, 0.0), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exact(at: str) -> str:
    """A clock's time as lines have it, with milliseconds."""
    return at if "." in at else f"{at[:19]}.000Z"


def _bad(raw: bytes, why: str) -> Bad:
    return Bad(raw[:500].decode(errors="replace"), why)
