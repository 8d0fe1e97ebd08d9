"""The pictures of the report as SVG: the line with its times, and who worked when."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from factory.contracts.story import Span, Story
from factory.render import amount
from factory.render.element import Html, el, join
from factory.render.text import clip
from factory.render.timeline import PAUSE, STAGES, Scale, lane, scale, stage_seconds, steps

LANES = 60
_WIDTH, _LABEL, _LANE, _TOP = 960, 168, 24, 44


def line(story: Story) -> Html:
    """The eight stages with their times, once in a row and once in two rows for narrow screens."""
    wide, narrow = _line(story, 8, 960), _line(story, 4, 400)
    return el("div", el("div", wide, class_="wide"), el("div", narrow, class_="narrow"), class_="line")


def _line(story: Story, columns: int, width: int) -> Html:
    took = stage_seconds(story)
    longest = max((seconds or 0.0 for seconds in took.values()), default=0.0) or 1.0
    stopped = story.run.stopped.stage if story.run.stopped else ""
    step, rows = width / columns, -(-len(STAGES) // columns)
    spots = [((n % columns + 0.5) * step, 26 + (n // columns) * 92) for n in range(len(STAGES))]
    rails = [
        el("line", x1=_n(x1 + 18), y1=y1, x2=_n(x2 - 18), y2=y2, class_="rail" if STAGES[n + 1] in took else "rail off")
        for n, ((x1, y1), (x2, y2)) in enumerate(pairwise(spots))
        if y1 == y2
    ]
    nodes = [
        _node(name, x, y, _state(name, took, stopped), _said(name, took), (took.get(name) or 0.0) / longest)
        for name, (x, y) in zip(STAGES, spots, strict=True)
    ]
    said = ", ".join(f"{name} {_said(name, took)}" for name in STAGES)
    return el(
        "svg", el("title", f"The line: {said}"), *rails, *nodes, viewBox=f"0 0 {width} {rows * 92}", role="img"
    )  # fmt: skip


def _state(name: str, took: Mapping[str, float | None], stopped: str) -> str:
    return "stop" if name == stopped else "done" if name in took else "off"


def _said(name: str, took: Mapping[str, float | None]) -> str:
    seconds = took.get(name)
    if seconds is not None:
        return amount.duration(seconds)
    passed = any(later in took for later in STAGES[STAGES.index(name) + 1 :])
    return "done" if name in took else "not needed" if passed else "not reached"


def _node(name: str, x: float, y: int, state: str, said: str, share: float) -> Html:
    sign = {"stop": "!", "off": "", "done": "✓"}[state]
    said = "stopped here" if state == "stop" and said.startswith("not ") else said
    wide = share * 64
    return el(
        "g",
        el("circle", cx=_n(x), cy=y, r=14, class_="dot"),
        el("text", sign, x=_n(x), y=y + 5, class_="sign"),
        el("text", name, x=_n(x), y=y + 34, class_="name"),
        el("text", said, x=_n(x), y=y + 50, class_="time"),
        el("rect", x=_n(x - wide / 2), y=y + 56, width=_n(wide), height=3, rx=1.5, class_="share"),
        class_=state,
    )


def gantt(story: Story) -> Html:
    """One lane for each stage's own work and each unit; waves as bands behind them."""
    spans = steps(story.spans)
    if not spans:
        return el("p", "No step was recorded.", class_="muted")
    lanes = list(dict.fromkeys(lane(span) for span in _ordered(spans)))
    left_out, lanes = lanes[LANES:], lanes[:LANES]
    over = scale(spans, _WIDTH - _LABEL - 24)
    height = _TOP + _LANE * len(lanes) + 8
    rows = [_lane(n, place, [span for span in spans if lane(span) == place], over) for n, place in enumerate(lanes)]
    drawn = el(
        "svg",
        el("title", f"{amount.many(len(lanes), 'lane')} of work over {amount.duration(over.busy)}"),
        *_waves(story, spans, over, height),
        *_axis(over, height),
        *rows,
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        class_="gantt",
    )
    note = el("p", f"{amount.many(len(left_out), 'more lane')} not drawn.", class_="muted") if left_out else None
    return join([el("div", drawn, class_="scroll", tabindex="0", role="region", aria_label="Who worked when"), note])


def _ordered(spans: Sequence[Span]) -> list[Span]:
    order = {name: n for n, name in enumerate(STAGES)}
    return sorted(spans, key=lambda span: (order.get(span.stage, len(order)), span.start))


def _lane(n: int, place: tuple[str, str], spans: Sequence[Span], over: Scale) -> Html:
    stage, unit = place
    top = _TOP + n * _LANE
    bars = [_envelope(spans, top, over)] if unit and not any(span.kind == "unit" for span in spans) else []
    for span in sorted(spans, key=lambda span: span.kind != "unit"):
        x, inset = over.x(span.start), 0 if span.kind == "unit" else 4
        width = max(over.x(span.start + span.seconds) - x, 2.0)
        said = el("title", f"{span.label or span.kind}: {amount.duration(span.seconds)}")
        kind = span.kind if span.kind in ("unit", "exchange", "check") else "install"
        shape = {
            "x": _n(_LABEL + x),
            "y": top + 3 + inset,
            "width": _n(width),
            "height": _LANE - 6 - 2 * inset,
            "rx": 3,
        }
        bars.append(el("g", said, el("rect", **shape, class_=f"bar {kind}")))
    name = el(
        "text",
        clip(unit if unit and not unit.isdigit() else f"{stage} {unit}".strip(), 20),
        x=_LABEL - 12,
        y=top + 16,
        class_="lane",
    )
    return el("g", el("title", f"{stage} {unit}".strip()), name, *bars)


def _envelope(spans: Sequence[Span], top: int, over: Scale) -> Html:
    """From a unit's first step to its last, behind the steps."""
    left, right = over.x(min(s.start for s in spans)), over.x(max(s.start + s.seconds for s in spans))
    shape = {"x": _n(_LABEL + left), "y": top + 3, "width": _n(max(right - left, 2.0)), "height": _LANE - 6, "rx": 3}
    return el("rect", **shape, class_="bar unit")


def _axis(over: Scale, height: int) -> list[Html]:
    step = next((s for s in (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 36000) if over.busy / s <= 8), 86400)
    end = over.busy + sum(stop - start for start, stop in over.cuts)
    ticks = [second for second in range(0, int(end) + 1, step) if not any(a < second <= b for a, b in over.cuts)][:200]
    parts = []
    for second in ticks:
        x = _n(_LABEL + over.x(second))
        parts.append(el("line", x1=x, y1=_TOP - 6, x2=x, y2=height - 4, class_="tick"))
        parts.append(el("text", _second(second), x=x, y=_TOP - 12, class_="second"))
    for start, stop in over.cuts:
        left = over.x(start) + _LABEL
        parts.append(el("rect", x=_n(left + 4), y=_TOP, width=PAUSE - 8, height=height - _TOP, class_="pause"))
        parts.append(
            el("text", f"paused {amount.duration(stop - start)}", x=_n(left + PAUSE / 2), y=14, class_="second")
        )
    return parts


def _waves(story: Story, spans: Sequence[Span], over: Scale, height: int) -> list[Html]:
    parts = []
    for wave in story.run.waves:
        units = {change.unit for change in wave.changes}
        own = [span for span in spans if span.stage == "generate" and lane(span)[1] in units]
        if own:
            start, end = over.x(min(s.start for s in own)), over.x(max(s.start + s.seconds for s in own))
            shape = {"x": _n(_LABEL + start), "y": 20, "width": _n(max(end - start, 4)), "height": height - 24, "rx": 4}
            parts.append(el("rect", **shape, class_="wave"))
            parts.append(el("text", f"wave {wave.n}", x=_n(_LABEL + start + 4), y=14, class_="wavename"))
    return parts


def _second(second: int) -> str:
    return f"{second} s" if 0 < second < 60 else amount.duration(second) if second else "0"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
