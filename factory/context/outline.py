"""The map of a repository: of the files that may matter the signatures of what they define, with line numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from factory.codegraph.facts import Facts, Symbol
from factory.codegraph.view import View
from factory.context.cut import VALUES
from factory.prompting import plain

WIDE, NARROW = 40, 12  # symbols of one of the best files, and of another
BEST = 5


@dataclass
class Entry:
    """What the map says of one file. `only` are the full names that are wanted; none: the ones that matter most."""

    path: str
    focus: Sequence[int] = ()
    only: dict[str, None] = field(default_factory=dict)
    most: int = NARROW


def outline(view: View, entries: Iterable[Entry], room: int) -> str:
    """`path:` a line, then its symbols by line, members under their class; at most `room` bytes."""
    found: list[str] = []
    for entry in entries:
        if entry.path != plain(entry.path) or entry.path.endswith(":") or entry.path.startswith(" "):
            continue
        facts = view.facts(entry.path)
        head = f"{entry.path}:\n"
        rest = room - _bytes(head)
        rows: dict[str, Symbol] = {}
        for one in _chosen(facts, entry):
            text = _line(one)
            if text not in rows and _bytes(text) <= rest:
                rows[text] = one
                rest -= _bytes(text)
        if rows:
            found.append(head + "".join(sorted(rows, key=lambda text: (rows[text].start, -rows[text].end))))
            room = rest
    return "".join(found)


def _chosen(facts: Facts, entry: Entry) -> list[Symbol]:
    """The likeliest first, each member after the class that it stands in."""
    by_name = {one.full: one for one in reversed(facts.symbols)}
    wanted = [one for one in facts.symbols if one.full in entry.only] if entry.only else _by_weight(facts, entry.focus)
    found: dict[Symbol, None] = {}
    for one in wanted:
        owner = by_name.get(one.owner) if one.owner else None
        if owner is not None:
            found[owner] = None
        found[one] = None
        if len(found) >= entry.most:
            break
    return list(found)


def _by_weight(facts: Facts, focus: Sequence[int]) -> list[Symbol]:
    order = {line: n for n, line in reversed(list(enumerate(focus)))}

    def weight(one: Symbol) -> tuple[int, int, int, int]:
        near = min((order[line] for line in order if one.start <= line <= one.end), default=len(order))
        return (one.kind in VALUES, near if not one.owner or near < len(order) else len(order) + 1,
                one.owner.count(".") + bool(one.owner), one.start)  # fmt: skip

    telling = [one for one in facts.symbols if one.kind not in VALUES or weight(one)[1] < len(order)]
    return sorted(telling or facts.symbols, key=weight)


def _line(one: Symbol) -> str:
    depth = one.owner.count(".") + 1 if one.owner else 0
    said = plain(one.signature or f"{one.kind} {one.name}")
    return f"  {one.line} {'  ' * depth}{said}\n"


def _bytes(text: str) -> int:
    return len(text.encode())
