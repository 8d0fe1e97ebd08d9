"""Times without a zone where the zone matters."""

import ast
import re
from collections.abc import Iterator

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import calls, full, function_around, keyword, spreads, text_of, value_of, written
from factory.hunt.script.keep import kept
from factory.hunt.source import Source

_UTC = ("datetime.datetime.utcnow", "datetime.datetime.utcfromtimestamp")
_LOCAL = {"datetime.datetime.now": 0, "datetime.datetime.fromtimestamp": 1}  # place of the zone
_AWARE = ("astimezone", "localize", "make_aware", "replace_timezone", "as_utc", "fromutc", "replace", "to_utc")


def _look(source: Source) -> Iterator[Hit]:
    if source.language != "python":
        return
    for call, name in calls(source):
        if name in _UTC:
            yield from _universal(source, call, name.rpartition(".")[2])
        elif name in _LOCAL and not _has_zone(call, _LOCAL[name]):
            yield from _local(source, call, name.rpartition(".")[2])


def _universal(source: Source, call: ast.Call, name: str) -> Iterator[Hit]:
    """`utcnow()`: a time in UTC that says it is local."""
    outer = _method(source, call)
    if outer == "timestamp":
        yield Hit(source.path, call.lineno, f"`{name}().timestamp()` takes UTC for local time: hours off",
                  severity="high", confidence=0.95, fix="Write `datetime.now(UTC).timestamp()`.")  # fmt: skip
    elif not _is_made_aware(source, call, outer) and outer != "strftime" and not _says_utc(source, call):
        yield Hit(source.path, call.lineno, f"`{name}()` gives a time that does not say it is in UTC",
                  confidence=0.8 if outer == "isoformat" or _is_text(source, call) else 0.65,
                  severity=None if outer == "isoformat" or _is_text(source, call) else "low",
                  fix=f"Write `datetime.{name.removeprefix('utc')}({'…, ' if 'from' in name else ''}UTC)` "
                  "(`datetime.timezone.utc`).")  # fmt: skip


def _local(source: Source, call: ast.Call, name: str) -> Iterator[Hit]:
    """`now()` alone is fine for showing; sent or stored, or subtracted, it is not."""
    outer = _method(source, call)
    if outer == "isoformat" and not _is_shown(source, call):
        lies = _ends_in_z(source, call)
        yield Hit(source.path, call.lineno, f"`{name}().isoformat()` writes a local time "
                  + ("as if it were UTC" if lies else "without its zone"), severity="high" if lies else None,
                  confidence=0.95 if lies else 0.55,
                  fix="Write it with a zone: `datetime.now(UTC).isoformat()`.")  # fmt: skip
    elif name == "now" and _is_span(source, call):
        yield Hit(source.path, call.lineno, "A span between two local times is an hour off when summer time changes",
                  confidence=0.5, severity="low", fix="Measure with `time.monotonic()`.")  # fmt: skip


def _says_utc(source: Source, call: ast.Call) -> bool:
    """Beside it, or only to people who look at this machine."""
    return _ends_in_z(source, call) or _is_shown(source, call) or "UTC" in source.line(call.lineno)


def _ends_in_z(source: Source, call: ast.Call) -> bool:
    """A Z is put behind it: the text says UTC."""
    for around in source.parents(call):
        if isinstance(around, ast.BinOp) and text_of(around.right) in ("Z", "+00:00", "Z\n"):
            return True
        if isinstance(around, ast.JoinedStr):
            return any((text_of(each) or "").startswith(("Z", "+00:00")) for each in around.values)
        if isinstance(around, ast.stmt):
            return False
    return False


def _is_text(source: Source, call: ast.Call) -> bool:
    """Written into a text as it is: nobody can tell the zone any more."""
    parent = next(source.parents(call), None)
    if isinstance(parent, ast.FormattedValue):
        return parent.format_spec is None
    if isinstance(parent, ast.Call) and call in parent.args:
        return written(parent.func) == "str" or (
            isinstance(parent.func, ast.Attribute) and parent.func.attr == "format"
        )
    return False


def _is_shown(source: Source, call: ast.Call) -> bool:
    """Only for people at this machine: a repr, a log line, something printed."""
    function = function_around(source, call)
    if function is not None and function.name in ("__repr__", "__str__"):
        return True
    return any(
        isinstance(each, ast.Call) and re.match(r"(?:log|debug|info|warning|error|print|echo)$", _last(each))
        for each in source.parents(call)
    )


def _last(call: ast.Call) -> str:
    return written(call.func).rpartition(".")[2]


def _method(source: Source, call: ast.Call) -> str:
    """The method that is called on it at once."""
    parent = next(source.parents(call), None)
    return parent.attr if isinstance(parent, ast.Attribute) else ""


def _has_zone(call: ast.Call, place: int) -> bool:
    return len(call.args) > place or bool(keyword(call, "tz")) or spreads(call)


def _is_made_aware(source: Source, call: ast.Call, outer: str) -> bool:
    if outer in _AWARE:
        return True
    for around in source.parents(call):
        if isinstance(around, ast.Call) and any(
            word in written(around.func).rpartition(".")[2].lower() for word in ("aware", "localize", "utc", "naive")
        ):
            return True
        if isinstance(around, ast.Assign) and len(around.targets) == 1 and isinstance(around.targets[0], ast.Name):
            return _later_aware(source, around.targets[0].id, around)
        if isinstance(around, ast.stmt):
            return False
    return False


def _later_aware(source: Source, name: str, since: ast.stmt) -> bool:
    """`now = now.replace(tzinfo=UTC)` on one of the next lines."""
    return any(
        isinstance(node.func, ast.Attribute) and written(node.func.value) == name
        and (node.func.attr in _AWARE[:1] or keyword(node, "tzinfo") is not None)
        for line in range(since.lineno + 1, since.lineno + 7)
        for node in source.starting(line, ast.Call)
    )  # fmt: skip


def _is_span(source: Source, call: ast.Call) -> bool:
    """`datetime.now() - start`, where start is `datetime.now()` too."""
    parent = next(source.parents(call), None)
    if not isinstance(parent, ast.BinOp) or not isinstance(parent.op, ast.Sub) or parent.left is not call:
        return False
    start = value_of(source, parent.right)
    return isinstance(start, ast.Call) and full(source, start.func) == "datetime.datetime.now" and not (
        _has_zone(start, 0)
    )  # fmt: skip


DETECTOR = Detector(
    id="naive-datetime",
    title="A time without its zone",
    why="Whoever reads it takes it for local time: it is hours off on another machine and twice a year on this one. "
    "Use aware times, in UTC.",
    severity="medium",
    confidence=0.85,
    category="",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ast-grep": ("js-local-date",)},
    keep=kept,
    look=_look,
)
