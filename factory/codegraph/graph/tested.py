"""Tests of a file or symbol, and the subject of a test: by use, by name, by common changes."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from factory.codegraph.graph.uses import Uses
from factory.codegraph.imports.tree import shared, stem_of
from factory.codegraph.view import View
from factory.contracts.codegraph import CoveredBy, Definition, Listed

MOST_USES = 400
MOST_LINES = 50  # of one test file that are told
MOST_PATHS = 40  # a commit of more files says nothing about two of them
_TESTING = re.compile(r"^(tests?|spec|it)[_\-.]|[_\-.](tests?|spec|unittest|e2e|cy)$|(?<=[a-z0-9])(Tests?|Spec|IT)$")
USED, NAMED, CHANGED = 3.0, 2.0, 1.0  # what each kind of evidence counts


def tests_of(uses: Uses, path: str, wanted: Sequence[Definition], limit: int) -> Listed[CoveredBy]:
    """Tests of `wanted`, which `path` defines; of the whole file when there are none."""
    view = uses.view
    symbols, lines, unread = _using(uses, path, wanted)
    together = changed_with(view, path)
    named = set(_named_alike(view, path))
    found = []
    for test in {*symbols, *named, *together}:
        if test == path or not (test in view.docs and view.docs[test].test):
            continue
        used = USED * (1 + min(len(lines[test]), 10) / 10) if test in symbols else 0.0
        score = used + (NAMED if test in named else 0.0) + CHANGED * min(together[test], 5) / 5
        why = [("uses", test in symbols), ("name", test in named), ("changed", together[test] > 0)]
        found.append(CoveredBy(path=test, tests=tuple(dict.fromkeys(one for one in symbols[test] if one)),
                               lines=tuple(lines[test]), score=round(score, 2),
                               why=tuple(name for name, holds in why if holds)))  # type: ignore[arg-type, misc, unused-ignore]  # fmt: skip
    found.sort(key=lambda one: (-one.score, one.path))
    return Listed[CoveredBy](items=tuple(found[:limit]), cut=unread + max(0, len(found) - limit))


def subjects_of(uses: Uses, test: str, limit: int) -> Listed[CoveredBy]:
    """What a test file tests; in each row `path` is the subject and `tests` what of it is used."""
    view = uses.view
    own = stem_of(test).partition(".")[0]
    subject = _subject(stem_of(test))
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for use in view.facts(test).uses:
        for one in uses.meant(test, use)[:1]:
            used[one.path][one.name] += 1
    together = changed_with(view, test)
    alike = [path for path in view.docs if stem_of(path) == subject != own and not view.docs[path].test]
    found = []
    for path in {*used, *alike, *together}:
        if path == test or path not in view.docs or view.docs[path].test:
            continue
        score = USED * min(sum(used[path].values()), 10) / 5 if path in used else 0.0
        score += (NAMED if path in alike else 0.0) + CHANGED * min(together[path], 5) / 5
        why = [("uses", path in used), ("name", path in alike), ("changed", together[path] > 0)]
        found.append(CoveredBy(path=path, tests=tuple(name for name, _ in used[path].most_common(10)), lines=(),
                               score=round(score, 2), why=tuple(name for name, holds in why if holds)))  # type: ignore[arg-type, misc, unused-ignore]  # fmt: skip
    found.sort(key=lambda one: (-one.score, one.path))
    return Listed[CoveredBy](items=tuple(found[:limit]), cut=max(0, len(found) - limit))


def changed_with(view: View, path: str) -> Counter[str]:
    """In how many commits each other file was changed together with this one."""
    found: Counter[str] = Counter()
    for commit in view.commits():
        if path in commit.paths and len(commit.paths) <= MOST_PATHS:
            found.update(one for one in commit.paths if one != path)
    return found


def _using(
    uses: Uses, path: str, wanted: Sequence[Definition]
) -> tuple[dict[str, list[str]], dict[str, list[int]], int]:
    """(tests that surely use what is wanted, or the file; their lines; both by file; how many were left off)"""
    symbols: dict[str, list[str]] = defaultdict(list)
    lines: dict[str, list[int]] = defaultdict(list)
    if wanted:
        found = uses.of(wanted, MOST_USES)
        for one in found.items:
            if one.sure and uses.view.docs[one.path].test:
                symbols[one.path].append(one.symbol)
                lines[one.path].append(one.line)
        return symbols, lines, found.cut
    importers, unread = uses.links.importers(path)
    names = {one.name for one in uses.view.facts(path).symbols}
    for test, doc in uses.view.docs.items():
        if doc.test and (test in importers or uses.links.together(test, path)):
            there = (use for use in uses.view.facts(test).uses if use.name in names)
            hits = sorted(there, key=lambda use: use.line)[:MOST_LINES]
            inside = [uses.names.around(test, use.line) for use in hits]
            if hits or test in importers:
                symbols[test] = [one.full for one in inside if one]
                lines[test] = list(dict.fromkeys(use.line for use in hits)) or [importers[test].line]
    return symbols, lines, unread


def _named_alike(view: View, path: str) -> list[str]:
    """test_cart.py, cart_test.go, CartTest.java, cart.spec.ts for cart: of several the closest folder's."""
    stem = stem_of(path).lower()
    found = [one for one, doc in view.docs.items() if doc.test and _subject(stem_of(one)).lower() == stem]
    most = max((shared(one, path) for one in found), default=0)
    return [one for one in found if shared(one, path) == most or len(found) <= 3]


def _subject(stem: str) -> str:
    """A test's name without what makes it one; itself when there is nothing of it."""
    return _TESTING.sub("", stem) or stem
