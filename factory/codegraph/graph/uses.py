"""Where names are used, and which definition is meant: by the imports, or by the name alone."""

from collections.abc import Sequence

from factory.codegraph.facts import Use
from factory.codegraph.graph.links import Links
from factory.codegraph.graph.names import Names
from factory.contracts.codegraph import Definition, Listed, Reference

MEMBERS = ("method", "constructor", "field")
UNSURE = 3  # definitions of one name up to which the name alone is worth following


class Uses:
    """References of one view."""

    def __init__(self, names: Names, links: Links) -> None:
        self.names, self.links, self.view = names, links, names.view
        self._meant: dict[tuple[str, str], list[Definition]] = {}

    def of(self, wanted: Sequence[Definition], limit: int) -> Listed[Reference]:
        """References to any of `wanted`, the sure ones first, then by file and line."""
        found: list[Reference] = []
        unread = 0
        for plain in dict.fromkeys(one.plain for one in wanted):
            mine = [one for one in wanted if one.plain == plain]
            paths, more = self.names.using(plain, near=mine[0].path)
            unread += more
            for path in paths:
                uses = [use for use in self.view.facts(path).uses if use.name == plain]
                found += [one for use in uses if (one := self._reference(path, use, mine))]
                found += self._imports(path, plain, mine)
        found.sort(key=lambda one: (not one.sure, self._test(one.path), one.path, one.line))
        kept = _once(found)
        return Listed[Reference](items=kept[:limit], cut=unread + max(0, len(kept) - limit))

    def meant(self, path: str, use: Use) -> list[Definition]:
        """The definitions that a use surely means one of: imports, the file or the package lead there. Likeliest first.

        Of a method no type is known here: the one of the same class comes first, then those that are imported.
        """
        sure = self._sure(path, use.name)
        if len(sure) < 2:
            return sure
        here = self.names.around(path, use.line)
        owner = here.owner if here else ""
        outer = owner.partition(".")[0]
        explicit = {to for link in self.links.of(path) if use.name in link.names for to in link.paths}

        def rank(one: Definition) -> tuple[bool, ...]:
            mine = one.path == path
            if use.kind == "plain":
                return (one.kind in MEMBERS, one.path not in explicit, not mine)
            family = mine and bool(outer) and one.name.startswith(f"{outer}.")
            return (not (mine and one.name == f"{owner}.{one.plain}"), not family, one.path not in explicit, not mine)

        return sorted(sure, key=rank)

    def likely(self, path: str, use: Use) -> tuple[list[Definition], bool]:
        """(definitions that a use may mean, whether that is sure); [] when it could be anything."""
        if sure := self.meant(path, use):
            return sure[:1], True
        candidates = self.names.called(use.name, near=path)
        own = [one for one in candidates if not self._test(one.path)] or candidates
        return (own, False) if len(own) <= UNSURE else ([], False)

    def _sure(self, path: str, name: str) -> list[Definition]:
        key = (path, name)
        if key not in self._meant:
            candidates = self.names.called(name, near=path)
            self._meant[key] = [one for one in candidates if self.links.leads(path, one.name, one.path)]
        return self._meant[key]

    def _imports(self, path: str, plain: str, mine: list[Definition]) -> list[Reference]:
        """Lines that import the name: a use of its own, for not every mention in a file is kept."""
        lines = [link.line for link in self.links.of(path) if plain in link.names]
        keys = {one.key for one in mine if one.path != path and one.name == plain}
        meant = [one for one in self._sure(path, plain) if one.key in keys] if lines and keys else []
        return [Reference(path=path, line=line, kind="import", to=meant[0].key, sure=True) for line in lines if meant]

    def _reference(self, path: str, use: Use, mine: list[Definition]) -> Reference | None:
        """None when the use surely means another definition of that name."""
        sure = self.meant(path, use)
        keys = {one.key for one in mine}
        meant = [one for one in sure if one.key in keys]
        if sure and (not meant or (sure[0].path == path and sure[0].key not in keys)):
            return None
        here = self.names.around(path, use.line)
        kind = "call" if use.called else use.kind
        return Reference(path=path, line=use.line, symbol=here.full if here else "", kind=kind,
                         to=(meant or mine)[0].key, sure=bool(meant))  # fmt: skip

    def _test(self, path: str) -> bool:
        return self.view.docs[path].test


def _once(ranked: Sequence[Reference]) -> tuple[Reference, ...]:
    """A line that calls a name and mentions it is one place: the call."""
    kinds = {"call": 0, "base": 1, "name": 2, "import": 3}
    best: dict[tuple[str, int], Reference] = {}
    for one in ranked:
        key = (one.path, one.line)
        if key not in best or kinds[one.kind] < kinds[best[key].kind]:
            best[key] = one
    return tuple(best.values())
