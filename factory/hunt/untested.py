"""Functions that were changed lately and that no test reaches, by the code graph.

Reach is by name, so it is generous: what a test names, and what that names in turn. What is still not reached could
only be run from outside, by an address or a command.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from factory.codegraph.facts import Facts, Symbol
from factory.codegraph.view import View
from factory.hunt.detector import Hit
from factory.hunt.ground import Ground
from factory.hunt.source import LANGUAGES, SCRIPT, Source

DAYS = 45.0  # before the newest commit
FILES = 60  # whose history is asked for line by line, the newest first
FEW_TESTS = 3  # a tree with fewer test files has no custom of testing that a function could break
MOST_LINES = 20_000  # of a file: nobody writes longer ones
LINES = 4  # of a definition, at least: shorter ones are seldom worth a test of their own
_WORD = re.compile(r"[A-Za-z_$][\w$]+")
_APART = re.compile(
    r"(^|/)(examples?|docs?|scripts?|tools?|bench\w*|migrations?|bin|demos?|samples?)/|(^|/)(conf|setup)\.py$"
)


def untested(ground: Ground) -> Iterator[Hit]:
    view = ground.view() if ground.view else None
    families = _tested_families(view) if view else frozenset()
    if view is None or not families:
        return
    paths = dict.fromkeys(path for commit in view.commits() if commit.age <= DAYS for path in commit.paths)
    asked = [path for path in paths or view.docs if path in ground.known and _counts(view, path, families)]
    if not asked:
        return
    reached = _reached(ground, view)
    for path in asked[:FILES]:
        source = ground.source(path)
        facts = view.facts(path)
        if not any(_has_body(symbol) and symbol.name in reached for symbol in facts.symbols):
            continue  # no test reaches anything in this file: it is not the custom here
        suspects = [symbol for symbol in facts.symbols if symbol.name not in reached]
        suspects = [symbol for symbol in suspects if _is_suspect(source, symbol) and _is_plain(facts, symbol)]
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


def _tested_families(view: View) -> frozenset[bool]:
    """Of scripts (True) and Python (False), those with a custom of testing."""
    tests = [doc.language in SCRIPT for doc in view.docs.values() if doc.test and doc.language in LANGUAGES.values()]
    return frozenset(family for family in (True, False) if tests.count(family) >= FEW_TESTS)


def _counts(view: View, path: str, families: frozenset[bool]) -> bool:
    doc = view.docs.get(path)
    if doc is None or doc.language not in LANGUAGES.values() or doc.test or _APART.search(path):
        return False
    return (doc.language in SCRIPT) in families


def _is_suspect(source: Source, symbol: Symbol) -> bool:
    """A public function or method that is no decorator's: that one may be called by an address, an event, a command."""
    if symbol.kind not in ("function", "method") or symbol.name.startswith(("_", "test", "#")) or symbol.name == "main":
        return False
    head = "\n".join(source.line(number) for number in range(symbol.start, symbol.line))
    body = symbol.end - symbol.line
    plain = not re.search(r"^\s*@", head, re.MULTILINE) and "abstract" not in symbol.signature
    return plain and body >= LINES and not any(part.startswith("_") for part in symbol.owner.split("."))


def _is_plain(facts: Facts, symbol: Symbol) -> bool:
    """At the top level, or of a class without a base: a base of elsewhere calls what nobody here names."""
    if not symbol.owner:
        return True
    owners = [each for each in facts.symbols if each.full == symbol.owner]
    based = any(use.kind == "base" and owner.start <= use.line <= owner.end for owner in owners for use in facts.uses)
    return bool(owners) and owners[0].kind == "class" and not based


def _touched(ground: Ground, path: str) -> set[int]:
    """Lines that were changed in the last days before the tree's commit."""
    blamed = ground.blame(path)
    end = _days(ground.when) or max((_days(one.when) for one in blamed.values()), default=0.0)
    return {line for line, one in blamed.items() if one.when and end - _days(one.when) <= DAYS}


def _days(when: str) -> float:
    return datetime.fromisoformat(when).timestamp() / 86400 if when else 0.0


def _reached(ground: Ground, view: View) -> set[str]:
    """Names that tests lead to. What a module does when it is imported counts as reached."""
    inside: dict[str, set[str]] = defaultdict(set)  # name of a definition → words in it
    names: set[str] = set()
    for path, doc in view.docs.items():
        facts = view.facts(path)
        if doc.test:
            names.update(facts.idents)
        elif doc.language and path in ground.known and doc.lines <= MOST_LINES:
            names |= _in_modules(ground.source(path), facts, inside)
    left = list(names)
    while left:
        for name in inside.pop(left.pop(), ()):
            if name not in names:
                names.add(name)
                left.append(name)
    return names


def _in_modules(source: Source, facts: Facts, inside: dict[str, set[str]]) -> set[str]:
    """Words outside every definition; those within go to `inside`, but for a definition's own name."""
    owners: dict[int, list[str]] = defaultdict(list)
    for symbol in filter(_has_body, facts.symbols):
        for line in range(symbol.start, symbol.end + 1):
            owners[line].append(symbol.name)
    free: set[str] = set()
    exported = re.compile(r"^\s*(import|export|from|module\.exports|__all__)\b")
    for number, text in enumerate(source.lines, 1):
        words = set(_WORD.findall(text))
        for name in owners[number]:
            inside[name] |= words - {name}
        if not owners[number] and not exported.match(text):
            free |= words
    return free


def _has_body(symbol: Symbol) -> bool:
    return symbol.kind in ("function", "method", "constructor", "class")
