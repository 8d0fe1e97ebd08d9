"""Who calls a symbol and whom it calls, to a depth, without going in circles."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from factory.codegraph.graph.uses import Uses
from factory.contracts.codegraph import Call, Definition, Listed

MOST_DEPTH = 6
WIDE = 40  # symbols of one depth from which the next is looked for
MOST_CALLS = 400  # references to one symbol


class _Step(NamedTuple):
    path: str
    symbol: str
    line: int
    sure: bool
    on: Definition | None  # the symbol, to go on from


def callers(uses: Uses, wanted: Sequence[Definition], depth: int, limit: int) -> Listed[Call]:
    """Level by level; only sure calls are followed further, for a name alone leads anywhere."""
    return _levels(uses, lambda one: _calls_of(uses, one), wanted, depth, limit)


def callees(uses: Uses, wanted: Sequence[Definition], depth: int, limit: int) -> Listed[Call]:
    """As `callers`; a name that many files define and none of the imports explains is left out."""
    return _levels(uses, lambda one: _called_by(uses, one), wanted, depth, limit)


def _levels(
    uses: Uses, step: Callable[[Definition], Iterator[_Step]], wanted: Sequence[Definition], depth: int, limit: int
) -> Listed[Call]:
    found: list[Call] = []
    cut = 0
    edge, seen = list(wanted), {one.key for one in wanted}
    for level in range(1, min(depth, MOST_DEPTH) + 1):
        following: list[Definition] = []
        for of in edge[:WIDE]:
            for one in step(of):
                key = f"{one.path}:{one.symbol}"
                if key not in seen:
                    seen.add(key)
                    found.append(Call(depth=level, path=one.path, symbol=one.symbol, line=one.line, of=of.key,
                                      sure=one.sure, test=uses.view.docs[one.path].test))  # fmt: skip
                    following += [one.on] if one.sure and one.on else []
        cut += max(0, len(edge) - WIDE)
        edge = following
    found.sort(key=lambda one: (one.depth, not one.sure, one.test))
    return Listed[Call](items=tuple(found[:limit]), cut=cut + max(0, len(found) - limit))


def _calls_of(uses: Uses, wanted: Definition) -> Iterator[_Step]:
    for one in uses.of([wanted], MOST_CALLS).items:
        if one.kind == "call":
            symbol = uses.names.around(one.path, one.line)
            on = uses.names.defined(one.path, symbol) if symbol else None
            yield _Step(one.path, one.symbol, one.line, one.sure, on)


def _called_by(uses: Uses, caller: Definition) -> Iterator[_Step]:
    for use in sorted(uses.view.facts(caller.path).uses, key=lambda one: one.line):
        if use.called and caller.start <= use.line <= caller.end:
            found, sure = uses.likely(caller.path, use)
            for one in found:
                yield _Step(one.path, one.name, use.line, sure, one)
