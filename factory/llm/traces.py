"""Lines of files that may not leave, found in a text whoever put them there: a tool, a diff, a model that quotes.

A line of at least 20 characters is a trace of its file, unless an allowed file holds it too. Spaces do not count, nor
what stands before the line (a line number, a sign of a diff). Shorter lines are not looked for.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from factory.contracts.errors import GitProblem
from factory.contracts.model import Tier
from factory.contracts.record import digest
from factory.contracts.seams import Entry, TreeReader
from factory.llm.policy import Rules

SHORTEST = 20  # characters of a trace
LONGEST = 60  # a longer line is several: one of them is enough
SIGNS = 12  # letters and digits a trace has at least: rulers and brackets are none
LARGEST, MOST = 1024 * 1024, 16 * 1024 * 1024  # bytes of one file and of all files that are looked at
HIDDEN = 256 * 1024  # bytes of a tree whose lines are also known as models quote them, without their secrets
MOST_CLEAN = 4096  # texts that are remembered as free of traces: a conversation repeats them
_ESCAPED = re.compile(r"(?:\\+u[0-9a-fA-F]{4})+|\\+[nrt]?")
_FOUND = re.compile(r"(.+?):\d+:")


class Trace(NamedTuple):
    text: str
    raw: str  # as it stands in the file
    path: str
    line: int
    tree: str


Heads = dict[str, dict[str, Trace]]  # by their first characters, then by their text


class Traces:
    """Of one run's trees; made when a request first goes to a tier. Safe for threads. `hide` takes secrets out."""

    def __init__(self, trees: TreeReader, base: str, rules: Rules, hide: Callable[[str], str]) -> None:
        self._trees, self._base, self._rules, self._hide = trees, base, rules, hide
        self._seen = [base]
        self._tiers: dict[Tier, Heads] = {}
        self._clean: dict[tuple[Tier, str], None] = {}
        self._lock = threading.Lock()

    def see(self, tree: str) -> None:
        """A tree that the run made: what it adds to files that may not leave is looked for from now on."""
        with self._lock:
            if not tree or tree in self._seen:
                return
            self._seen.append(tree)
            self._clean.clear()
            for tier, heads in self._tiers.items():
                self._add(heads, tier, tree)

    def found(self, text: str, tier: Tier) -> str:
        """The first trace in a text, as `line 3 of .env`, or ''."""
        with self._lock:
            heads, known = self._heads(tier), (tier, digest(text.encode("utf-8", "surrogatepass")))
            if not heads or known in self._clean:
                return ""
            plain = squeezed(text)
            for at in range(len(plain) - SHORTEST + 1):
                group = heads.get(plain[at : at + SHORTEST])
                trace = _longest(group, plain[at : at + LONGEST]) if group else None
                if trace and not self._is_allowed(trace, tier, heads):
                    return f"line {trace.line} of {trace.path}"
            if len(self._clean) >= MOST_CLEAN:
                self._clean.clear()
            self._clean[known] = None
            return ""

    def _heads(self, tier: Tier) -> Heads:
        if tier not in self._tiers:
            self._tiers[tier] = {}
            for tree in self._seen:
                self._add(self._tiers[tier], tier, tree)
        return self._tiers[tier]

    def _add(self, heads: Heads, tier: Tier, tree: str) -> None:
        room, hidden = MOST, HIDDEN
        for path, entry in self._files(tree):
            if self._rules.allowed(path, tier) and entry.size <= min(LARGEST, room):
                room -= entry.size
                hide, hidden = (self._hide, hidden - entry.size) if entry.size <= hidden else (_as_it_is, hidden)
                data = self._trees.read(entry.oid)
                if b"\0" not in data[:8000]:
                    for trace in traces_of(path, data.decode("utf-8", "replace"), hide, tree):
                        heads.setdefault(trace.text[:SHORTEST], {}).setdefault(trace.text, trace)

    def _files(self, tree: str) -> Iterator[tuple[str, Entry]]:
        """The base's files, or what another tree changed of them."""
        entries = self._trees.entries(tree)
        paths: Iterable[str] = entries
        if tree != self._base:
            paths = [change.path for change in self._trees.changed(self._base, tree) if change.op == "write"]
        return ((path, entries[path]) for path in paths if entries[path].mode.startswith("100"))

    def _is_allowed(self, trace: Trace, tier: Tier, heads: Heads) -> bool:
        """Does a file that may leave hold it too? Then none of that file's lines is a trace any more.

        Of the base, or of the tree that the trace is new in: else a copy made by a model would make all of it free.
        """
        for tree in dict.fromkeys((self._base, trace.tree)):
            try:
                # the first thousand lines: where the file is not among them, it stays a trace
                lines = self._trees.grep(tree, trace.raw, literal=True)
            except (GitProblem, ValueError):
                continue
            entries = self._trees.entries(tree)
            paths = dict.fromkeys(match[1] for match in map(_FOUND.match, lines) if match)
            for path in paths:
                if path in entries and not self._rules.allowed(path, tier):
                    text = self._trees.read(entries[path].oid).decode("utf-8", "replace")
                    if trace.raw not in text:  # another file's name begins like a found line of this one
                        continue
                    for each in (trace, *traces_of(path, text, _as_it_is, tree)):
                        heads.get(each.text[:SHORTEST], {}).pop(each.text, None)
                    return True
        return False


def traces_of(path: str, text: str, hide: Callable[[str], str], tree: str) -> Iterator[Trace]:
    """Of every line, as it is and as it reads without its secrets."""
    lines = text.splitlines()
    hidden = hide(text).splitlines()
    others = hidden if len(hidden) == len(lines) else lines  # a private key is one placeholder, whatever its lines
    for number, (line, other) in enumerate(zip(lines, others, strict=True), 1):
        for form in dict.fromkeys((line, other)):
            plain = squeezed(form) if len(form) >= SHORTEST else ""
            for at in range(0, max(len(plain) - SHORTEST + 1, 0), LONGEST):
                part = plain[at : at + LONGEST].strip()
                if len(part) >= SHORTEST and sum(map(str.isalnum, part)) >= SIGNS:
                    yield Trace(part, part if part in line else line.strip(), path, number, tree)


def _as_it_is(text: str) -> str:
    return text


def squeezed(text: str) -> str:
    """One space for each gap, and what JSON writes with backslashes, however often, as it was before."""
    return " ".join(_ESCAPED.sub(_unescaped, text).split())


def _unescaped(sign: re.Match[str]) -> str:
    codes = re.findall(r"u(....)", sign[0])
    if codes:  # in UTF-16: what lies beyond 16 bits is two of them
        return bytes.fromhex("".join(codes)).decode("utf-16-be", "replace")
    return " " if sign[0][-1] != "\\" else ""


def _longest(group: Mapping[str, Trace], text: str) -> Trace | None:
    """The trace of a group that a text begins with."""
    sizes = range(min(LONGEST, len(text)), SHORTEST - 1, -1)
    return next((group[text[:size]] for size in sizes if text[:size] in group), None)
