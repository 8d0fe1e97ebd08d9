"""Boxes and lines as SVG, with nothing from outside: readable in light and in dark, in a browser and on GitHub.

Names come from a repository that anybody may have written: all text is escaped, and there is no script in it.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, GAP = 244, 38, 8  # of a box, and between two
TALL = 58  # the centre
HEAD = 24  # a group's title
LANE = 130  # between columns, where the lines run
MARGIN, TOP, FOOT = 24, 64, 66
LETTERS, SMALL = 30, 37  # of a box's two lines

KINDS = {"use": "uses", "import": "imports", "base": "inherits from", "test": "tests",
         "changed": "changed together"}  # fmt: skip

_LIGHT = ("--paper:#fff;--ink:#1f2328;--soft:#59636e;--box:#f6f8fa;--edge:#c5ced8;--use:#0969da;--import:#6e7781;"
          "--base:#8250df;--test:#1a7f37;--changed:#bc4c00")  # fmt: skip
_DARK = ("--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--box:#161b22;--edge:#3d444d;--use:#4493f8;--import:#9198a1;"
         "--base:#ab7df8;--test:#3fb950;--changed:#f0883e")  # fmt: skip
_DASHES = {"use": "", "import": "7 4", "base": "", "test": "2 3", "changed": "10 3 2 3"}
_STYLE = (
    f":root{{{_LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:var(--ink)}"
    ".small{font-size:10px;fill:var(--soft)}.head{font:600 12px system-ui,sans-serif;fill:var(--soft)}"
    ".title{font:700 17px system-ui,sans-serif}.paper{fill:var(--paper)}"
    ".box{fill:var(--box);stroke:var(--edge)}.test{stroke:var(--test);stroke-width:1.6}.unsure{stroke-dasharray:4 3}"
    ".centre{fill:var(--use);stroke:none}.centre-text{fill:var(--paper);font-weight:700}"
    ".centre-small{fill:var(--paper)}.tag{fill:var(--test);font-weight:700}"
    ".line{fill:none;stroke-width:1.4;stroke-linejoin:round;stroke-opacity:.8}"
    + "".join(
        f".l-{kind}{{stroke:var(--{kind});stroke-dasharray:{dash or 'none'}}}.tip-{kind}{{fill:var(--{kind})}}"
        for kind, dash in _DASHES.items()
    )
    + ".l-base{stroke-width:2.4}"
)


class Box(NamedTuple):
    """A box by its left upper corner, with two lines of text. `kind`: plain, test, centre. `unsure`: by name only."""

    x: float
    y: float
    title: str
    under: str
    kind: str = "plain"
    unsure: bool = False
    tall: float = HEIGHT


class Head(NamedTuple):
    x: float
    y: float
    text: str


class Line(NamedTuple):
    """From one box to another; `kind` is a key of KINDS."""

    start: Box
    end: Box
    kind: str


def drawn(title: tuple[str, str], boxes: Sequence[Box], heads: Sequence[Head], lines: Sequence[Line]) -> str:
    """The whole document. The order of `lines` is the order in which they meet a box's side, from above."""
    left = min(box.x for box in boxes) - MARGIN
    top = min([box.y for box in boxes] + [head.y - HEAD for head in heads]) - TOP
    right = max(max(box.x for box in boxes) + WIDTH + MARGIN, left + 760)
    bottom = max(box.y + box.tall for box in boxes) + FOOT
    size = f"{right - left:.0f}", f"{bottom - top:.0f}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="{left:.0f} {top:.0f} {size[0]} {size[1]}" role="img">',
        f"<title>{_safe(title[0])}: {_safe(title[1])}</title><style>{_STYLE}</style><defs>{_tips()}</defs>",
        f'<rect class="paper" x="{left:.0f}" y="{top:.0f}" width="{size[0]}" height="{size[1]}"/>',
        _text(left + MARGIN, top + 28, _end(title[0], 60), "title"),
        _text(left + MARGIN, top + 46, _start(title[1], int((right - left) / 6.2) - 8), "small"),
        *_curves(lines),
        *(_text(head.x, head.y, head.text, "head") for head in heads),
        *(_boxed(box) for box in boxes),
        _legend(left + MARGIN, bottom - 34, {line.kind for line in lines}, boxes),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _tips() -> str:
    shape = '<path d="M0 0 8 4 0 8z"/>'
    return "".join(
        f'<marker id="tip-{kind}" class="tip-{kind}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        f'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">{shape}</marker>'
        for kind in KINDS
    )


def _curves(lines: Sequence[Line]) -> list[str]:
    """Lines to the side of a box that many meet are spread over it."""
    found = []
    for line in lines:
        if line.start.x == line.end.x:
            found.append(_rail(line, lines))
            continue
        forth = line.end.x > line.start.x
        x1, x2 = line.start.x + (WIDTH if forth else 0), line.end.x + (0 if forth else WIDTH)
        y1, y2 = _port(line.start, line, lines), _port(line.end, line, lines)
        bend = (x2 - x1) * 0.5
        found.append(_path(f"M{x1:.0f} {y1:.1f}C{x1 + bend:.0f} {y1:.1f} {x2 - bend:.0f} {y2:.1f} {x2:.0f} {y2:.1f}",
                           line.kind))  # fmt: skip
    return found


def _port(box: Box, line: Line, lines: Sequence[Line]) -> float:
    """Where on the box's side the line ends: in the order of the boxes at the other ends."""

    def other(one: Line) -> Box:
        return one.end if one.start is box else one.start

    side = other(line).x < box.x
    same = sorted((one for one in lines if (one.start is box or one.end is box) and other(one).x != box.x
                   and (other(one).x < box.x) == side), key=lambda one: other(one).y)  # fmt: skip
    place = next(number for number, one in enumerate(same) if one is line)
    return box.y + box.tall * (place + 1) / (len(same) + 1)


def _rail(line: Line, lines: Sequence[Line]) -> str:
    """Between boxes of one column: along its left side, on the right for common changes; no box is crossed.

    The farthest box of a kind draws the rail, the others only their way to it, so that dashes stay dashes.
    """
    right = line.kind == "changed"
    edge = line.start.x + (WIDTH if right else 0)
    out = edge + (16 if right else -16)
    inwards = line.end.kind == "centre"
    centre, box = (line.end, line.start) if inwards else (line.start, line.end)
    below = box.y > centre.y
    y, hub = box.y + box.tall / 2, centre.y + centre.tall * (0.85 if below else 0.15)
    rivals = [other.start if inwards else other.end for other in lines if other.kind == line.kind
              and other.start.x == other.end.x and (other.end.kind == "centre") == inwards]  # fmt: skip
    if any((rival.y > box.y) == below and rival.y != box.y for rival in rivals):
        way = f"M{edge:.0f} {y:.1f}H{out:.0f}" if inwards else f"M{out:.0f} {y:.1f}H{edge:.0f}"
        return _path(way, line.kind, tip=not inwards)
    y1, y2 = (y, hub) if inwards else (hub, y)
    return _path(f"M{edge:.0f} {y1:.1f}H{out:.0f}V{y2:.1f}H{edge:.0f}", line.kind)


def _path(way: str, kind: str, tip: bool = True) -> str:
    end = f' marker-end="url(#tip-{kind})"' if tip and kind != "changed" else ""
    return f'<path class="line l-{kind}" d="{way}"{end}/>'


def _boxed(box: Box) -> str:
    kinds = f"box {box.kind}{' unsure' if box.unsure else ''}"
    centre = box.kind == "centre"
    first, second = ("centre-text", "small centre-small") if centre else ("", "small")
    y = box.y + (box.tall - HEIGHT) / 2
    tag = _text(box.x + WIDTH - 32, y + 15, "test", "small tag") if box.kind == "test" else ""
    title = _end(box.title, LETTERS - 5 if tag else LETTERS)
    return (
        f"<g><title>{_safe(box.title)} — {_safe(box.under)}</title>"
        f'<rect class="{kinds}" x="{box.x:.0f}" y="{box.y:.1f}" width="{WIDTH}" height="{box.tall:.0f}" rx="6"/>'
        f"{_text(box.x + 9, y + 16, title, first)}{_text(box.x + 9, y + 30, _end(box.under, SMALL), second)}{tag}</g>"
    )


def _legend(x: float, y: float, kinds: set[str], boxes: Sequence[Box]) -> str:
    parts = []
    for kind, meaning in KINDS.items():
        if kind in kinds:
            parts += [_path(f"M{x:.0f} {y:.0f}h34", kind), _text(x + 42, y + 4, meaning, "head")]
            x += 66 + 7.4 * len(meaning)
    if any(box.kind == "test" for box in boxes):
        parts += [f'<rect class="box test" x="{x:.0f}" y="{y - 7:.0f}" width="22" height="14" rx="3"/>',
                  _text(x + 30, y + 4, "test", "head")]  # fmt: skip
        x += 74
    if any(box.unsure for box in boxes):
        parts += [f'<rect class="box unsure" x="{x:.0f}" y="{y - 7:.0f}" width="22" height="14" rx="3"/>',
                  _text(x + 30, y + 4, "only the name agrees", "head")]  # fmt: skip
    return "".join(parts)


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.1f}"{named}>{_safe(words)}</text>'


def _end(words: str, most: int) -> str:
    """The end says more of a path or a qualified name."""
    return words if len(words) <= most else f"…{words[1 - most :]}"


def _start(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _safe(words: str) -> str:
    """Text of XML: what XML cannot hold (control signs, halves of letters) is a mark instead."""
    kept = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words)
    return escape(kept.encode("utf-8", "replace").decode())
