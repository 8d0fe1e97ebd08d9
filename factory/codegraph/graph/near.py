"""The neighbourhood of a file or a symbol: one row for each thing that is tied to it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from factory.codegraph.graph.tested import changed_with, subjects_of, tests_of
from factory.codegraph.graph.uses import Uses
from factory.contracts.codegraph import Definition, Listed, Neighbour, Relation

MOST_USES = 400
ORDER = ("base", "derived", "user", "uses", "importer", "imports", "test", "subject", "changed")
_TYPES = ("class", "interface", "trait", "struct", "enum", "type", "union")
ENTERED = 2  # commits together from which it counts, where there are that many


def of_symbols(uses: Uses, wanted: Sequence[Definition], limit: int) -> Listed[Neighbour]:
    """Around symbols of one name; `limit` rows of each relation."""
    rows: list[Neighbour] = []
    own = {one.key for one in wanted}
    for one in wanted:
        rows += _users(uses, one)
        rows += _used(uses, one.path, one.start, one.end)
        rows += _bases(uses, one.path, one.start, one.end)
    for path in dict.fromkeys(one.path for one in wanted):
        here = [one for one in wanted if one.path == path]
        rows += _tests(uses, path, here, limit)
        rows += _changed(uses, path)
    return _listed([row for row in rows if f"{row.path}:{row.symbol}" not in own], limit)


def of_file(uses: Uses, path: str, limit: int) -> Listed[Neighbour]:
    links, view = uses.links, uses.view
    importers, unread = links.importers(path)
    rows = [
        Neighbour(relation="imports", path=to, count=max(1, len(link.names)), why=", ".join(link.names[:8]))
        for link in links.of(path)
        for to in link.paths
    ]
    rows += [
        Neighbour(relation="importer", path=one, line=link.line, count=max(1, len(link.names)),
                  why=", ".join(link.names[:8]))
        for one, link in importers.items() if not view.docs[one].test
    ]  # fmt: skip
    rows += _used(uses, path, 1, view.docs[path].lines or 10**9)
    rows += _bases(uses, path, 1, view.docs[path].lines or 10**9)
    for symbol in view.facts(path).symbols:
        if symbol.kind in _TYPES and not symbol.owner:
            rows += [one for one in _users(uses, uses.names.defined(path, symbol)) if one.relation == "derived"]
    if view.docs[path].test:
        rows += [Neighbour(relation="subject", path=one.path, count=max(1, len(one.tests)), why=", ".join(one.why))
                 for one in subjects_of(uses, path, limit).items]  # fmt: skip
    rows += _tests(uses, path, (), limit)
    rows += _changed(uses, path)
    found = _listed([row for row in rows if row.path != path], limit)
    return found.but(cut=found.cut + unread)


def _users(uses: Uses, wanted: Definition) -> Iterator[Neighbour]:
    """Who uses a symbol, who inherits from it, who imports it and hides what for; tests are found elsewhere."""
    counts: Counter[tuple[Relation, str, str, bool]] = Counter()
    lines: dict[tuple[Relation, str, str, bool], int] = {}
    found = uses.of([wanted], MOST_USES).items
    busy = {one.path for one in found if one.kind != "import"}
    relations: dict[str, Relation] = {"base": "derived", "import": "importer"}
    for one in found:
        relation = relations.get(one.kind, "user")
        mine = one.path == wanted.path and wanted.start <= one.line <= wanted.end
        hidden = uses.view.docs[one.path].test and relation != "derived"
        if not (mine or hidden or (relation == "importer" and one.path in busy)):
            key = (relation, one.path, one.symbol, one.sure)
            counts[key] += 1
            lines.setdefault(key, one.line)
    for key, count in counts.items():
        relation, path, symbol, sure = key
        yield Neighbour(relation=relation, path=path, symbol=symbol, line=lines[key], count=count, sure=sure)


def _used(uses: Uses, path: str, start: int, end: int) -> Iterator[Neighbour]:
    """What the lines use that is not defined in them."""
    counts: Counter[tuple[str, str, int, bool]] = Counter()
    for use in uses.view.facts(path).uses:
        if start <= use.line <= end and use.kind != "base":
            found, sure = uses.likely(path, use) if use.called else (uses.meant(path, use)[:1], True)
            counts.update((one.path, one.name, one.line, sure) for one in found
                          if one.path != path or not start <= one.line <= end)  # fmt: skip
    for (to, name, line, sure), count in counts.items():
        yield Neighbour(relation="uses", path=to, symbol=name, line=line, count=count, sure=sure)


def _bases(uses: Uses, path: str, start: int, end: int) -> Iterator[Neighbour]:
    for use in uses.view.facts(path).uses:
        if use.kind == "base" and start <= use.line <= end:
            found, sure = uses.likely(path, use)
            for one in found:
                yield Neighbour(relation="base", path=one.path, symbol=one.name, line=one.line, sure=sure)


def _tests(uses: Uses, path: str, wanted: Sequence[Definition], limit: int) -> Iterator[Neighbour]:
    for one in tests_of(uses, path, wanted, limit).items:
        if one.why != ("changed",):
            symbol = one.tests[0] if len(one.tests) == 1 else ""
            yield Neighbour(relation="test", path=one.path, symbol=symbol, line=one.lines[0] if one.lines else 0,
                            count=max(1, len(one.lines)), sure="uses" in one.why, why=", ".join(one.why))  # fmt: skip


def _changed(uses: Uses, path: str) -> Iterator[Neighbour]:
    counts = [(one, n) for one, n in changed_with(uses.view, path).most_common() if one in uses.view.docs]
    often = [row for row in counts if row[1] >= ENTERED]
    for one, count in often or counts:
        yield Neighbour(
            relation="changed", path=one, count=count, why=f"{count} {'commit' if count == 1 else 'commits'}"
        )


def _listed(rows: Sequence[Neighbour], limit: int) -> Listed[Neighbour]:
    """The strongest of each relation, each thing once in it."""
    kept: list[Neighbour] = []
    cut = 0
    for relation in ORDER:
        some = sorted((one for one in rows if one.relation == relation),
                      key=lambda one: (not one.sure, -one.count, one.path, one.line))  # fmt: skip
        once = list({(one.path, one.symbol): one for one in reversed(some)}.values())[::-1]
        kept += once[:limit]
        cut += max(0, len(once) - limit)
    return Listed[Neighbour](items=tuple(kept), cut=cut)
