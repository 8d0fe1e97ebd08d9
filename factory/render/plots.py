"""Small plots as SVG for pages without scripts: stacked bars by day, bars by name, two lines over days."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from factory.render.element import Html, el, join
from factory.render.text import clip

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 960, 260, 72, 12, 16, 28
_ENDS, _LETTERS = 84, 16  # room for the words at the lines' ends, and the height of one
Words = Callable[[float], str]


def stacked(days: Sequence[str], parts: Mapping[str, Sequence[float]], said: Words, title: str) -> Html:
    """One bar a day, its parts one on the other; `parts` by the name of their CSS class, bottom first."""
    sums = [sum(values[n] for values in parts.values()) for n in range(len(days))]
    top = _round(max(sums, default=0.0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(days))
    bars: list[Html] = []
    for n, day in enumerate(days):
        base = 0.0
        for kind, values in parts.items():
            if values[n] <= 0:
                continue
            y, low = _y(base + values[n], top), _y(base, top)
            bars.append(el("rect", x=_n(_LEFT + n * step + step * 0.12), y=_n(y), width=_n(step * 0.76),
                           height=_n(max(1.0, low - y)), rx=1.5, class_=f"bar {kind}"))  # fmt: skip
            base += values[n]
        bars.append(_day(day, _LEFT + (n + 0.5) * step, n, len(days)))
    return _plot(title, join([*_grid(top, said), *bars]))


def lines(days: Sequence[str], series: Mapping[str, Sequence[float]], said: Words, title: str) -> Html:
    """A line for each series, by the name of its CSS class; with its last value beside its end, where no line goes."""
    top = _round(max((max(values, default=0.0) for values in series.values()), default=0.0))
    step = (_WIDTH - _LEFT - _ENDS) / max(1, len(days) - 1)
    drawn: list[Html] = []
    last = {kind: _y(values[-1], top) for kind, values in series.items() if values}
    beside = dict(zip(last, _apart(list(last.values())), strict=True))
    for kind, values in series.items():
        points = [(_LEFT + n * step, _y(value, top)) for n, value in enumerate(values)]
        if not points:
            continue
        path = " ".join(f"{'L' if n else 'M'}{_n(x)} {_n(y)}" for n, (x, y) in enumerate(points))
        x, y = points[-1]
        drawn.append(el("path", d=path, class_=f"curve {kind}"))
        drawn.append(el("circle", cx=_n(x), cy=_n(y), r=3, class_=f"end {kind}"))
        drawn.append(el("text", said(values[-1]), x=_n(x + 8), y=_n(beside[kind] + 4), class_="value"))
    ticks = [_day(day, _LEFT + n * step, n, len(days)) for n, day in enumerate(days)]
    return _plot(title, join([*_grid(top, said, _WIDTH - _ENDS), *ticks, *drawn]))


def _apart(heights: list[float]) -> list[float]:
    """Where words stand beside points at these heights: none over another, none below the plot."""
    order = sorted(range(len(heights)), key=lambda n: heights[n])
    found = list(heights)
    for above, below in pairwise(order):
        found[below] = max(found[below], found[above] + _LETTERS)
    floor = float(_HEIGHT - _BOTTOM)
    for n in reversed(order):
        found[n] = min(found[n], floor)
        floor = found[n] - _LETTERS
    return found


def bars(rows: Sequence[tuple[str, float]], said: Words, title: str) -> Html:
    """One horizontal bar a row, with its name at its left and its value at its right."""
    longest = max((value for _, value in rows), default=0.0) or 1.0
    left, lane, room = 330, 26, _WIDTH - 330 - 110
    drawn = []
    for n, (name, value) in enumerate(rows):
        y, wide = 6 + n * lane, value / longest * room
        drawn.append(el("text", clip(name, 46), x=left - 10, y=y + 15, class_="label"))
        drawn.append(
            el("rect", x=left, y=y + 2, width=_n(max(1.0, wide)), height=lane - 8, rx=2, class_="bar exchange")
        )
        drawn.append(el("text", said(value), x=_n(left + wide + 8), y=y + 15, class_="side"))
    return _plot(title, join(drawn), 12 + lane * len(rows))


def _plot(title: str, body: Html, height: int = _HEIGHT) -> Html:
    drawn = el("svg", el("title", title), body, viewBox=f"0 0 {_WIDTH} {height}", role="img", class_="plot")
    return el("div", drawn, class_="scroll many", tabindex="0", role="region", aria_label=title)


def _grid(top: float, said: Words, right: float = _WIDTH - _RIGHT) -> list[Html]:
    found = []
    for part in range(5):
        value = top * part / 4
        y = _y(value, top)
        found.append(el("line", x1=_LEFT, y1=_n(y), x2=_n(right), y2=_n(y), class_="gridline"))
        found.append(el("text", said(value), x=_LEFT - 8, y=_n(y + 4), class_="axis"))
    return found


def _day(day: str, x: float, n: int, count: int) -> Html:
    """Every day of a short row, every fifth of a month."""
    shown = count <= 10 or n == 0 or (n + 1) % 5 == 0
    return el("text", day[-2:].lstrip("0") if shown else "", x=_n(x), y=_HEIGHT - 8, class_="tick")


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (value / top if top else 0.0) * (_HEIGHT - _TOP - _BOTTOM)


def _round(value: float) -> float:
    """The next of 1, 2, 4, 5, 8 times a power of ten: quarters of it read well."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next((power * step for step in (1, 2, 4, 8, 10) if power * step >= value), power * 10)


def _n(number: float) -> str:
    return f"{number:.1f}"
