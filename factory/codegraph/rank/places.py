"""Files that an issue names, and those that its stack traces lead through."""

from collections import defaultdict
from typing import NamedTuple

from factory.codegraph.rank.index import Index
from factory.codegraph.rank.issue import Issue

MOST = 3  # files that one path may mean
FRAME_NAMES = 4  # files that define a function of a trace: more, and it says nothing


class Named(NamedTuple):
    """`lines` are those that traces name, by path."""

    named: dict[str, float]
    traced: dict[str, float]
    lines: dict[str, tuple[int, ...]]


def named(index: Index, issue: Issue) -> Named:
    found = Named({}, defaultdict(float), {})
    for written in issue.paths:
        for path in _meant(index, written):
            found.named[path] = 1.0
    for written, line in issue.places:
        for path in _meant(index, written.lstrip("./")):
            found.traced[path] = 1.0
            found.lines[path] = (*found.lines.get(path, ()), line)
    for frame in issue.frames:
        held = index.view.postings("def", frame)
        for doc, _ in held if len(held) <= FRAME_NAMES else ():
            for path in index.view.paths(doc):
                found.traced[path] = max(found.traced[path], 1 / len(held) / 2)
    return found


def _meant(index: Index, written: str) -> list[str]:
    """Paths as the issue writes them: whole, the end of one (`shop/cart.py`), or a module (`shop.cart`)."""
    name = written.rpartition("/")[2]
    whole = [
        path for path in index.by_name.get(name, ())
        if path == written or path.endswith("/" + written) or written.endswith("/" + path)
    ]  # fmt: skip
    if whole:
        return whole[:MOST]
    parts = written.split(".")
    for size in (len(parts), len(parts) - 1):  # a.b.c may be a module or a name in one
        module = "/" + "/".join(parts[:size])
        near = [
            path for path in index.by_stem.get(parts[size - 1], ()) if f"/{path}".rpartition(".")[0].endswith(module)
        ]
        if size > 1 and near:
            return near[:MOST]
    return []
