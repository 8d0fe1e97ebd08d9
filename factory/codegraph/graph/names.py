"""Names and what they define: `total`, `Cart.total`, `shop/cart.py:total`, `shop.cart.total`, `Cart::total`."""

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from factory.codegraph.facts import Symbol
from factory.codegraph.imports.tree import name_of, shared, stem_of
from factory.codegraph.view import View
from factory.contracts.codegraph import Definition

MOST_FILES = 400  # that are read for one name
MOST_SCANNED = 2_000  # files that are read for a name that nothing is called like
NEAR = 3

_PLACED = re.compile(r"(?P<path>[^:]+):{1,2}(?P<name>[^:/\\].*)")
_INSIDE = ("variable", "field", "constant")


class Names:
    """The symbols of one view, by name and by line."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._files: dict[str, tuple[Symbol, ...]] = {}

    def find(self, name: str) -> list[tuple[int, Definition]]:
        """(rank, definition) of everything that is called so, 0 the most exact; [] for a name that nothing has."""
        path, name = self._placed(name.strip())
        dotted = re.sub(r"::|#|->|\\", ".", name.removesuffix("()")).strip(".")
        plain = dotted.rpartition(".")[2]
        found = [one for one in self.called(plain, near=path) if not path or one.path == path]
        ranked = [(rank, one) for one in found if (rank := _rank(one, dotted)) is not None]
        return sorted(ranked, key=lambda row: (row[0], self._is_test(row[1].path), row[1].path))

    def called(self, plain: str, near: str = "") -> list[Definition]:
        """Every definition of the last part of a name."""
        if not plain:
            return []
        paths = [path for doc, _ in self.view.postings("def", plain) for path in self.view.paths(doc)]
        if len(paths) > MOST_FILES:
            paths = sorted(paths, key=lambda path: (-shared(path, near), path))[:MOST_FILES]
        return [_definition(path, one) for path in paths for one in self.view.facts(path).symbols if one.name == plain]

    def using(self, plain: str, near: str) -> tuple[list[str], int]:
        """(files in which the name stands, the closest to `near` first; how often it stands in those left off)."""
        found = [(path, count) for doc, count in self.view.postings("name", plain) for path in self.view.paths(doc)]
        found.sort(key=lambda row: (-shared(row[0], near), row[0]))
        return [path for path, _ in found[:MOST_FILES]], sum(count for _, count in found[MOST_FILES:])

    def inside(self, path: str) -> tuple[Symbol, ...]:
        """A file's symbols, by line."""
        if path not in self._files:
            symbols = self.view.facts(path).symbols
            self._files[path] = tuple(sorted(symbols, key=lambda one: (one.start, -one.end)))
        return self._files[path]

    def around(self, path: str, line: int) -> Symbol | None:
        """What a line stands in: the innermost function or type, else the variable that it sets."""
        found = [one for one in self.inside(path) if one.start <= line <= one.end]
        solid = [one for one in found if one.kind not in _INSIDE]
        return max(solid or found, key=lambda one: (one.start, -one.end, one.full.count(".")), default=None)

    def defined(self, path: str, symbol: Symbol) -> Definition:
        return _definition(path, symbol)

    def near(self, name: str) -> list[str]:
        """Names and paths that somebody may have meant."""
        word = name_of(name.rpartition(":")[2]).rpartition(".")[2] if "/" not in name else name_of(name)
        known = self._known
        folded = {one.lower(): one for one in known}
        close = difflib.get_close_matches(word.lower(), folded, n=NEAR, cutoff=0.6)
        return [folded[one] for one in close]

    @cached_property
    def _known(self) -> list[str]:
        """Names of symbols and files; tests last, bounded."""
        paths = sorted(self.view.docs, key=self._is_test)
        known = dict.fromkeys(name_of(path) for path in paths)
        for path in paths[:MOST_SCANNED]:
            known.update(dict.fromkeys(one.name for one in self.view.facts(path).symbols))
        return list(known)

    def _is_test(self, path: str) -> bool:
        return self.view.docs[path].test

    def _placed(self, name: str) -> tuple[str, str]:
        """(path or '', the name in it); a path may be cut short at its front (cart.py:total)."""
        split = _PLACED.fullmatch(name)
        if not split:
            return "", name
        path = split["path"].removeprefix("./")
        if path in self.view.docs:
            return path, split["name"]
        ends = [one for one in self.view.docs if one.endswith(f"/{path}")] if "." in name_of(path) else []
        return (ends[0], split["name"]) if len(ends) == 1 else ("", name)


def _definition(path: str, one: Symbol) -> Definition:
    return Definition(path=path, name=one.full, kind=one.kind, start=one.start, end=one.end, line=one.line,
                      signature=one.signature, doc=one.doc)  # fmt: skip


def _rank(one: Definition, dotted: str) -> int | None:
    """0 its whole name, 1 its end, 2 its end behind modules or packages; None when it is called otherwise."""
    if one.name == dotted:
        return 0
    if f".{one.name}".endswith(f".{dotted}"):
        return 1
    wanted, own = dotted.split("."), one.name.split(".")
    size = next((n for n in range(len(own), 0, -1) if wanted[-n:] == own[-n:]), 0)
    modules = wanted[:-size]
    place = [*one.path.split("/")[:-1], stem_of(one.path)]
    return 2 if _contains(place, modules) and (size == len(own) or len(modules) > 1) else None


def _contains(place: Sequence[str], modules: Sequence[str]) -> bool:
    """`django.db.models` is in django/db/models/query.py."""
    return any(place[start : start + len(modules)] == list(modules) for start in _starts(place, modules))


def _starts(place: Sequence[str], modules: Sequence[str]) -> Iterator[int]:
    yield from range(len(place) - len(modules) + 1)
