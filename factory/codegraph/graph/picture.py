"""The picture of a neighbourhood: who uses it on the left, what it uses on the right, its family above and below."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from factory.codegraph.graph.graph import Graph
from factory.codegraph.graph.svg import GAP, HEAD, HEIGHT, LANE, TALL, WIDTH, Box, Head, Line, drawn
from factory.codegraph.imports.tree import folder_of, name_of
from factory.contracts.codegraph import Neighbour

MOST = 12  # boxes of one group; how many more there are is said
CHANGED = 6  # of files that were only changed together
BEYOND = 3  # boxes behind one box, where the depth is 2
MOST_BEYOND = 16
COUNTED = 1000

GROUPS = {  # relation: (side, title, kind of line, whether it points to the centre)
    "user": ("left", "uses it", "use", True),
    "importer": ("left", "imports it", "import", True),
    "test": ("left", "tests it", "test", True),
    "uses": ("right", "it uses", "use", False),
    "imports": ("right", "it imports", "import", False),
    "subject": ("right", "it tests", "test", False),
    "base": ("above", "it inherits from", "base", False),
    "derived": ("below", "inherits from it", "base", True),
    "changed": ("below", "changed together", "changed", False),
}
_SIDES = {"left": -1, "right": 1, "above": 0, "below": 0}


class _Column(NamedTuple):
    """Boxes and heads of one side, from y = 0 down; `rows` are the neighbours in the boxes."""

    boxes: list[Box]
    heads: list[Head]
    rows: list[Neighbour]
    height: float


def picture(graph: Graph, of: str, depth: int = 1) -> str:
    """An SVG document of what is tied to a symbol or file; `depth` 2 adds what is tied to those at the sides."""
    rows = graph.neighbours(of, COUNTED).items
    sides = {side: _column(side, rows, graph) for side in ("left", "right", "above", "below")}
    tall = max(sides["left"].height, sides["right"].height, TALL)
    above = max(sides["above"].height, (tall - TALL) / 2)
    centre = Box(0, above, *_named(graph, of), kind="centre", tall=TALL)
    middle = centre.y + TALL / 2
    starts = {"left": middle - sides["left"].height / 2, "right": middle - sides["right"].height / 2,
              "above": centre.y - sides["above"].height - GAP, "below": centre.y + TALL + GAP}  # fmt: skip
    boxes, heads, lines = [centre], [], []
    for side, column in sides.items():
        x = _SIDES[side] * (WIDTH + LANE)
        placed = [box._replace(x=x, y=box.y + starts[side]) for box in column.boxes]
        heads += [head._replace(x=x, y=head.y + starts[side]) for head in column.heads]
        for box, row in zip(placed, column.rows, strict=True):
            _, _, kind, inwards = GROUPS[row.relation]
            lines.append(Line(box, centre, kind) if inwards else Line(centre, box, kind))
        boxes += placed
        if depth > 1 and _SIDES[side]:
            more = _beyond(graph, placed, column.rows, _SIDES[side])
            boxes += [line.far for line in more]
            lines += [line.drawn for line in more]
    return drawn(_title(graph, of), boxes, heads, lines)


def _column(side: str, rows: Sequence[Neighbour], graph: Graph) -> _Column:
    boxes: list[Box] = []
    heads: list[Head] = []
    shown: list[Neighbour] = []
    y = 0.0
    for relation, (place, title, _, _) in GROUPS.items():
        group = [row for row in rows if row.relation == relation] if place == side else []
        if not group:
            continue
        most = CHANGED if relation == "changed" else MOST
        count = f"{most} of {len(group)} shown" if len(group) > most else str(len(group))
        heads.append(Head(0, y + HEAD - 8, f"{title} ({count})"))
        y += HEAD
        for row in group[:most]:
            boxes.append(_box(row, y, graph))
            shown.append(row)
            y += HEIGHT + GAP
        y += GAP
    return _Column(boxes, heads, shown, max(0.0, y - 2 * GAP))


def _box(row: Neighbour, y: float, graph: Graph) -> Box:
    times = f" ×{row.count}" if row.count > 1 and row.relation != "changed" else ""
    under = row.why if row.relation == "changed" else ""
    where = f"{row.path}:{row.line}" if row.symbol and row.line else row.path
    title = row.symbol or name_of(row.path)
    place = where if row.symbol else folder_of(row.path) or "."
    test = row.path in graph.view.docs and graph.view.docs[row.path].test
    kind = "test" if test else "plain"
    return Box(0, y, title, f"{place}{f' · {under}' if under else ''}{times}", kind=kind, unsure=not row.sure)


class _Far(NamedTuple):
    far: Box
    drawn: Line


def _beyond(graph: Graph, placed: Sequence[Box], rows: Sequence[Neighbour], side: int) -> list[_Far]:
    """The next column: in the order of the boxes that they are tied to, so that few lines cross."""
    found: list[tuple[Box, Neighbour]] = []
    seen = {(row.path, row.symbol) for row in rows}
    for box, row in zip(placed, rows, strict=True):
        for one in _next(graph, row):
            if (one.path, one.symbol) not in seen and len(found) < MOST_BEYOND:
                seen.add((one.path, one.symbol))
                found.append((box, one))
    if not found:
        return []
    middle = sum(box.y for box, _ in found) / len(found)
    top = middle - (len(found) - 1) * (HEIGHT + GAP) / 2
    x = side * 2 * (WIDTH + LANE)
    made = []
    for number, (box, one) in enumerate(found):
        far = _box(one, top + number * (HEIGHT + GAP), graph)._replace(x=x)
        made.append(_Far(far, Line(far, box, GROUPS[one.relation][2]) if side < 0 else
                         Line(box, far, GROUPS[one.relation][2])))  # fmt: skip
    return made


def _next(graph: Graph, row: Neighbour) -> Iterable[Neighbour]:
    key = f"{row.path}:{row.symbol}"
    if row.relation in ("user", "uses") and row.symbol and row.sure:
        calls = graph.callers(key, 1, BEYOND) if row.relation == "user" else graph.callees(key, 1, BEYOND)
        return [Neighbour(relation=row.relation, path=one.path, symbol=one.symbol,
                          line=one.line if row.relation == "user" else 0, sure=one.sure)
                for one in calls.items if one.sure]  # fmt: skip
    if row.relation == "importer":
        return [Neighbour(relation="importer", path=one) for one in list(graph.links.importers(row.path)[0])[:BEYOND]]
    if row.relation == "imports":
        paths = dict.fromkeys(to for link in graph.links.of(row.path) for to in link.paths)
        return [Neighbour(relation="imports", path=one) for one in list(paths)[:BEYOND]]
    return []


def _named(graph: Graph, of: str) -> tuple[str, str]:
    """The two lines of the centre."""
    path = graph.path(of)
    if path:
        return name_of(path), folder_of(path) or "."
    found = graph.symbols(of).items
    return (found[0].name, f"{found[0].path}:{found[0].line}") if found else (of, "")


def _title(graph: Graph, of: str) -> tuple[str, str]:
    path = graph.path(of)
    if path:
        doc = graph.view.docs[path]
        return path, f"{doc.language or 'plain text'}, {doc.lines:,} lines"
    listed = graph.symbols(of)
    if not listed.items:
        return of, "nothing is called so"
    others = len(listed.items) + listed.cut - 1
    more = f"; {others} more are called {of}: name its file to see another" if others else ""
    one = listed.items[0]
    return one.name, f"{one.signature or one.kind}{more}"
