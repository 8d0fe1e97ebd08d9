"""Which files a task needs: ranked by the code graph, or, when there is none, by the words of the issue alone."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from factory.codegraph.rank.embeddings import Embed
from factory.codegraph.rank.issue import Issue, read_issue
from factory.codegraph.rank.rank import Ranked, ranked
from factory.codegraph.view import View
from factory.contracts.errors import GitProblem
from factory.contracts.seams import Entry, TreeReader

MOST = 40
_HIT = re.compile(r"(.+?):(\d+):")


def chosen(view: View | None, trees: TreeReader, tree: str, issue: str, embed: Embed | None = None) -> list[Ranked]:
    """Files worth showing, best first; when the issue says nothing, what the project says of itself."""
    entries = trees.entries(tree)
    found = ranked(view, issue, limit=MOST, embed=embed) if view is not None else by_words(trees, tree, issue)
    there = [one for one in found if one.path in entries and entries[one.path].mode.startswith("100")]
    return there or list(_readme(entries))


def by_words(trees: TreeReader, tree: str, text: str) -> list[Ranked]:
    """Files that the issue names, and those that hold its identifiers: what is left when the graph cannot be had."""
    issue, entries = read_issue(text), trees.entries(tree)
    score: dict[str, float] = defaultdict(float)
    focus: dict[str, list[int]] = defaultdict(list)
    for path, line in _named(issue, entries):
        score[path] += 100
        focus[path] += [line] if line else []
    for name in issue.names[:24]:
        hits = _hits(trees, tree, name, entries)
        for path, lines in hits.items():
            score[path] += (4 if name in issue.sure else 1) / len(hits)
            focus[path] += lines[:4]
    order = sorted(score, key=lambda path: (-score[path], path))[:MOST]
    return [Ranked(path, score[path], "has words of the issue", tuple(dict.fromkeys(focus[path]))) for path in order]


def _named(issue: Issue, entries: Mapping[str, Entry]) -> Iterator[tuple[str, int]]:
    for name, line in [*((path, 0) for path in issue.paths), *issue.places]:
        ends = "/" + name.lstrip("./")
        yield from ((path, line) for path in entries if f"/{path}".endswith(ends) or ends.endswith(f"/{path}"))


def _hits(trees: TreeReader, tree: str, name: str, entries: Mapping[str, Entry]) -> dict[str, list[int]]:
    try:
        found = [_HIT.match(line) for line in trees.grep(tree, name, literal=True)]
    except GitProblem:
        return {}
    lines: dict[str, list[int]] = defaultdict(list)
    for hit in found:
        if hit and hit[1] in entries:
            lines[hit[1]].append(int(hit[2]))
    return lines


def _readme(entries: Mapping[str, Entry]) -> Sequence[Ranked]:
    names = sorted((path.count("/"), path) for path in entries if path.rpartition("/")[2].lower().startswith("readme"))
    return [Ranked(path, 1.0, "the project's own description", ()) for _, path in names[:1]]
