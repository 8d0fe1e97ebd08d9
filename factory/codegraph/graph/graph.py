"""Questions to the code graph of one tree: the one door for the command line, the agents' tool and the packs."""

from factory.codegraph.graph import calls, near, tested
from factory.codegraph.graph.links import Links
from factory.codegraph.graph.names import Names
from factory.codegraph.graph.uses import Uses
from factory.codegraph.imports.tree import name_of
from factory.codegraph.view import View
from factory.contracts.codegraph import Call, CoveredBy, Definition, Listed, Neighbour, Reference

MEANT = 20  # definitions of an ambiguous name that a question is asked about
COUNTED = 8  # definitions whose uses are counted to put them in order


class Graph:
    """Answers are bounded: each says how much was cut off. A name that nothing has gives an empty one.

    A name may be plain (total), qualified (Cart.total), placed (shop/cart.py:total) or dotted (shop.cart.total); of
    several things called so all are meant, the one that most files surely use first.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.names = Names(view)
        self.links = Links(view)
        self.uses = Uses(self.names, self.links)

    def symbols(self, name: str, limit: int = MEANT) -> Listed[Definition]:
        found = self._ordered(name)
        return Listed[Definition](items=tuple(found[:limit]), cut=max(0, len(found) - limit))

    def references(self, name: str, limit: int = 50) -> Listed[Reference]:
        """Where it is used; what surely means something else of that name is not counted."""
        return self.uses.of(self._meant(name), limit)

    def callers(self, name: str, depth: int = 1, limit: int = 50) -> Listed[Call]:
        return calls.callers(self.uses, self._meant(name), depth, limit)

    def callees(self, name: str, depth: int = 1, limit: int = 50) -> Listed[Call]:
        return calls.callees(self.uses, self._meant(name), depth, limit)

    def neighbours(self, of: str, limit: int = 20) -> Listed[Neighbour]:
        """Around a file or a symbol; `limit` rows of each relation."""
        path = self.path(of)
        if path:
            return near.of_file(self.uses, path, limit)
        return near.of_symbols(self.uses, self._meant(of)[:1], limit)

    def tests_of(self, of: str, limit: int = 20) -> Listed[CoveredBy]:
        """Test files of a file or symbol; of a test file what it tests."""
        path = self.path(of)
        if path and self.view.docs[path].test:
            return tested.subjects_of(self.uses, path, limit)
        wanted = [] if path else self._meant(of)[:1]
        if not path and not wanted:
            return Listed[CoveredBy]()
        return tested.tests_of(self.uses, path or wanted[0].path, wanted, limit)

    def outline(self, path: str, limit: int = 300) -> Listed[Definition]:
        """A file's symbols from its first line to its last."""
        found = self.names.inside(self.path(path))
        shown = tuple(self.names.defined(self.path(path), one) for one in found[:limit])
        return Listed[Definition](items=shown, cut=max(0, len(found) - limit))

    def path(self, of: str) -> str:
        """The file that is meant, '' when it is no file's path; it may be cut short at its front if one file fits."""
        path = of.strip().removeprefix("./")
        if path in self.view.docs:
            return path
        if "." not in name_of(path) or ":" in path:
            return ""
        ends = [one for one in self.view.docs if one.endswith(f"/{path}")]
        return ends[0] if len(ends) == 1 else ""

    def near(self, of: str) -> list[str]:
        """What somebody may have meant by a name or path that there is not."""
        return self.names.near(of)

    def _meant(self, name: str) -> list[Definition]:
        return self._ordered(name)[:MEANT]

    def _ordered(self, name: str) -> list[Definition]:
        """The most exact first, tests last, and of what is equal that first which most places surely mean."""
        found = self.names.find(name)
        if len(found) < 2:
            return [one for _, one in found]
        counts = {one.key: sum(use.sure and use.path != one.path for use in self.uses.of([one], 200).items)
                  for _, one in found[:COUNTED]}  # fmt: skip
        docs = self.view.docs
        found.sort(key=lambda row: (row[0], docs[row[1].path].test, -counts.get(row[1].key, 0)))
        return [one for _, one in found]
