"""Functions that were changed lately and that no test reaches, by the code graph.

Reach is by name, so it is generous: what a test names, and what that names in turn. What is still not reached could
only be run from outside, by an address or a command.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from factory.codegraph.facts import Symbol
from factory.codegraph.view import View
from factory.hunt.detector import Hit
from factory.hunt.ground import Ground
from factory.hunt.source import LANGUAGES, Source

DAYS = 45.0  # before the newest commit
FILES = 60  # whose history is asked for line by line, the newest first
FEW_TESTS = 3  # a tree with fewer test files has no custom of testing that a function could break
LINES = 4  # of a definition, at least: shorter ones are seldom worth a test of their own
_APART = re.compile(
    r"(^|/)(examples?|docs?|scripts?|tools?|bench\w*|migrations?|bin|demos?|samples?)/|(^|/)(conf|setup)\.py$"
)


def untested(ground: Ground) -> Iterator[Hit]:
    view = ground.view() if ground.view else None
    if view is None or sum(doc.test for doc in view.docs.values()) < FEW_TESTS:
        return
    paths = dict.fromkeys(path for commit in view.commits() if commit.age <= DAYS for path in commit.paths)
    asked = [path for path in paths or view.docs if path in ground.known and _counts(view, path)]
    if not asked:
        return
    reached = _reached(view)
    for path in asked[:FILES]:
        source = ground.source(path)
        suspects = [symbol for symbol in view.facts(path).symbols if _is_suspect(source, symbol)]
        suspects = [symbol for symbol in suspects if symbol.name not in reached]
        touched = _touched(ground, path) if suspects else set()
        for symbol in suspects:
            changed = [line for line in range(symbol.line, symbol.end + 1) if line in touched]
            if len(changed) >= LINES // 2:
                yield _hit(source, symbol, len(changed))


def _hit(source: Source, symbol: Symbol, changed: int) -> Hit:
    return Hit(
        source.path, symbol.line,
        f"`{symbol.full}` was changed in the last {DAYS:.0f} days ({changed} lines) and no test reaches it",
        quoted=source.line(symbol.line).strip(), fix="Write a test that calls it, or one that calls what calls it.",
    )  # fmt: skip


def _counts(view: View, path: str) -> bool:
    doc = view.docs.get(path)
    return doc is not None and doc.language in set(LANGUAGES.values()) and not doc.test and not _APART.search(path)


def _is_suspect(source: Source, symbol: Symbol) -> bool:
    """A public function or method that is no decorator's: that one may be called by an address, an event, a command."""
    if symbol.kind not in ("function", "method") or symbol.name.startswith(("_", "test", "#")) or symbol.name == "main":
        return False
    head = "\n".join(source.line(number) for number in range(symbol.start, symbol.line))
    body = symbol.end - symbol.line
    plain = not re.search(r"^\s*@", head, re.MULTILINE) and "abstract" not in symbol.signature
    return plain and body >= LINES and not any(part.startswith("_") for part in symbol.owner.split("."))


def _touched(ground: Ground, path: str) -> set[int]:
    """Lines that were changed in the last days before the tree's commit."""
    blamed = ground.blame(path)
    end = _days(ground.when) or max((_days(one.when) for one in blamed.values()), default=0.0)
    return {line for line, one in blamed.items() if one.when and end - _days(one.when) <= DAYS}


def _days(when: str) -> float:
    return datetime.fromisoformat(when).timestamp() / 86400 if when else 0.0


def _reached(view: View) -> set[str]:
    """Names that tests lead to. What a module does when it is imported counts as reached."""
    inside: dict[str, set[str]] = defaultdict(set)  # name of a definition → names in it
    names: set[str] = set()
    for path, doc in view.docs.items():
        facts = view.facts(path)
        if doc.test:
            names.update(facts.idents)
            continue
        spans = sorted((symbol.start, symbol.end, symbol.name) for symbol in facts.symbols if _has_body(symbol))
        for use in facts.uses:
            owners = [name for start, end, name in spans if start <= use.line <= end]
            for owner in owners:
                inside[owner].add(use.name)
            if not owners:
                names.add(use.name)
    left = list(names)
    while left:
        for name in inside.pop(left.pop(), ()):
            if name not in names:
                names.add(name)
                left.append(name)
    return names


def _has_body(symbol: Symbol) -> bool:
    return symbol.kind in ("function", "method", "constructor", "class")
