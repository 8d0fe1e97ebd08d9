"""What the map shows besides the files that were ranked: definitions that the shown lines need, and tests."""

from collections.abc import Sequence

from factory.codegraph.graph.graph import Graph
from factory.codegraph.rank.rank import Ranked
from factory.codegraph.view import View
from factory.context.outline import BEST, WIDE, Entry
from factory.contracts.task import PackFile

SEEDS = 4  # of the best files
MAX_USES, MAX_TESTS = 80, 2
RANKED = 25


class Widened:
    """The map's entries for one view; keeps what it worked out."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.graph = Graph(view)
        self._tests: dict[str, list[Entry]] = {}

    def entries(self, order: Sequence[Ranked], files: Sequence[PackFile]) -> list[Entry]:
        """The best files, what their shown lines need, their tests, then the other ranked files. What is shown whole
        stands in the prompt anyway."""
        whole = {file.path for file in files if file.start == 1 and file.end >= self.view.facts(file.path).lines}
        first = [Entry(one.path, one.focus, most=WIDE) for one in order[:BEST]]
        rest = [Entry(one.path, one.focus) for one in order[BEST:RANKED]]
        tests = [test for one in order[:SEEDS] for test in self._tests_of(one.path)]
        found: dict[str, Entry] = {}
        for entry in (*first, *self._needed(order[:SEEDS], files), *tests, *rest):
            if entry.path not in whole:
                found.setdefault(entry.path, entry)
        return list(found.values())

    def _needed(self, seeds: Sequence[Ranked], files: Sequence[PackFile]) -> list[Entry]:
        """Signatures of what the shown lines of the best files call or inherit from."""
        found: dict[str, Entry] = {}
        for one in seeds:
            spans = [(file.start, file.end) for file in files if file.path == one.path]
            uses = [use for use in self.view.facts(one.path).uses if use.kind in ("call", "base")]
            names = dict.fromkeys(use.name for use in uses if any(a <= use.line <= b for a, b in spans))
            for name in list(names)[:MAX_USES]:
                for path in sorted(self.graph.links.sources(one.path, name) - {one.path}):
                    defined = [each.full for each in self.view.facts(path).symbols if each.full == name]
                    if defined:
                        found.setdefault(path, Entry(path)).only[name] = None
        return list(found.values())

    def _tests_of(self, path: str) -> list[Entry]:
        if path not in self._tests:
            listed = () if self.view.docs[path].test else self.graph.tests_of(path, MAX_TESTS).items
            self._tests[path] = [Entry(one.path, one.lines, dict.fromkeys(one.tests[:8])) for one in listed]
        return self._tests[path]
