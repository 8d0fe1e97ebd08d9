"""Themes: which findings one pull request mends without a model. Findings of one detector in one package, small enough
to be read, never on a protected path.
"""

import difflib
import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from factory.contracts.catch import Ranked, Theme
from factory.contracts.finding import Finding
from factory.hunt.ground import Ground

MOST = 24  # findings of a theme: one commit each, and somebody reads them all
MOST_TRIED, MOST_OF_A_FILE = 300, 24  # findings whose fixes are tried in one hunt
DEEP = 2  # folders that make a package

Mends = Mapping[str, tuple[str, int]]  # finding id -> (codemod, changed lines)


class Tried(NamedTuple):
    codemod: str
    finding: Finding


def mends(ground: Ground, ranked: Iterable[Ranked], by_rule: Mapping[str, str],
          refuse: Callable[[str], str]) -> dict[str, tuple[str, int]]:  # fmt: skip
    """Which findings a codemod mends, tried on the file as it is: the first MOST_TRIED by rank, MOST_OF_A_FILE of one.
    `by_rule`: the codemod's name. `refuse`: why a path may not be touched, "" when it may."""
    from factory.hunt.fixes.trial import tried

    wanted: list[Tried] = []
    of_a_file: Counter[str] = Counter()
    for row in sorted(ranked, key=lambda each: -each.rank):
        item = row.finding
        codemod = by_rule.get(item.rule, "")
        if codemod and item.path in ground.known and not refuse(item.path) and of_a_file[item.path] < MOST_OF_A_FILE:
            of_a_file[item.path] += 1
            wanted.append(Tried(codemod, item))
    wanted = sorted(wanted[:MOST_TRIED], key=lambda each: each.finding.path)
    by_id = {each.finding.id: each.codemod for each in wanted}
    if not wanted:
        return {}
    with tempfile.TemporaryDirectory(prefix="factory-trial-") as scratch:
        found = tried(ground.root, wanted, Path(scratch))
    return {name: (by_id[name], lines) for name, lines in found.items() if name in by_id}


def exact(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def changed(before: str, after: str) -> int:
    """Lines added and removed."""
    rows = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return sum(row[:1] in "+-" and row[:3] not in ("+++", "---") for row in rows)


def themes(ranked: Iterable[Ranked], mended_by: Mends, lines: int) -> tuple[Theme, ...]:
    """In the order of their best finding. A finding that alone is larger than `lines` is in none."""
    rows = [row for row in ranked if row.finding.id in mended_by and mended_by[row.finding.id][1] <= lines]
    best = {row.finding.id: n for n, row in enumerate(rows)}
    made = []
    for (rule, package), group in groupby(sorted(rows, key=_key), key=lambda row: _key(row)[:2]):
        for part in _parts(list(group), mended_by, lines):
            ids = tuple(row.finding.id for row in part)
            size = sum(mended_by[each][1] for each in ids)
            made.append(
                Theme(id=_name(rule, package, ids), detector=rule, package=package[:300], findings=ids, lines=size)
            )
    return tuple(sorted(made, key=lambda theme: min(best[each] for each in theme.findings)))


def package_of(path: str) -> str:
    """The first folders of a path, "" for a file at the root."""
    return "/".join(PurePosixPath(path).parts[:-1][:DEEP])


def _key(row: Ranked) -> tuple[str, str, float, str, int]:
    item = row.finding
    return item.rule, package_of(item.path), -row.rank, item.path, item.start


def _parts(rows: list[Ranked], mended_by: Mends, lines: int) -> Iterator[list[Ranked]]:
    """Cut where the next finding would make the pull request too long."""
    part: list[Ranked] = []
    size = 0
    for row in rows:
        more = mended_by[row.finding.id][1]
        if part and (size + more > lines or len(part) >= MOST):
            yield part
            part, size = [], 0
        part.append(row)
        size += more
    if part:
        yield part


def _name(rule: str, package: str, ids: tuple[str, ...]) -> str:
    """The same findings have the same name, whatever else is found."""
    slug = re.sub(r"[^a-z0-9]+", "-", package.lower()).strip("-")[:30].strip("-") or "root"
    return f"{rule[:36]}-{slug}-{hashlib.sha256(' '.join(sorted(ids)).encode()).hexdigest()[:8]}"
