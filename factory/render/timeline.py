"""When things happened in a run: lanes, the times of the stages, and pauses cut out of the clock."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from factory.contracts.run import Run
from factory.contracts.story import Span, Story

STAGES = ("intake", "gather", "plan", "generate", "collect", "verify", "refine", "deliver")
PAUSE = 36.0  # drawn width of a cut-out pause
_ROUND = re.compile(r"r\d+\.")
Cut = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """Seconds to x. Long pauses (a run resumed the next day) are cut out: `cuts` are (from, to) in seconds."""

    width: float
    busy: float
    cuts: tuple[Cut, ...]

    def x(self, second: float) -> float:
        gone = sum(min(second, end) - start for start, end in self.cuts if second > start)
        before = sum(1 for _, end in self.cuts if second >= end)
        room = self.width - PAUSE * len(self.cuts)
        return (second - gone) / self.busy * room + before * PAUSE


def scale(spans: Sequence[Span], width: float) -> Scale:
    """The whole run on `width`, without its pauses."""
    pauses = cuts(spans)
    end = max((span.start + span.seconds for span in spans), default=0.0)
    return Scale(width, max(end - sum(stop - start for start, stop in pauses), 0.001), pauses)


def cuts(spans: Sequence[Span]) -> tuple[Cut, ...]:
    """Pauses: nothing ran for over a minute and for longer than everything before it had taken. At most eight."""
    found, reached, busy = [], 0.0, 0.0
    for span in sorted(steps(spans) or spans, key=lambda span: span.start):
        gap = span.start - reached
        if gap > 60 and gap > busy:
            found.append((reached, span.start))
        else:
            busy += max(gap, 0.0)
        end = span.start + span.seconds
        busy += max(end - max(reached, span.start), 0.0)
        reached = max(reached, end)
    return tuple(found[:8])


def steps(spans: Sequence[Span]) -> list[Span]:
    """What really ran: a stage's own bar only spans its steps, a tick is a stopwatch's mark."""
    return [span for span in spans if span.kind not in ("stage", "tick")]


def elapsed(spans: Sequence[Span]) -> float:
    """Seconds from the first step to the last, pauses left out."""
    return scale(spans, 1.0).busy if spans else 0.0


def lane(span: Span) -> tuple[str, str]:
    """(stage, name): a unit's retries, candidates and checks share its lane; a round's reviewers have their own."""
    name = span.unit if _ROUND.match(span.unit) else span.unit.split(".")[0]
    return span.stage, name


def stage_seconds(story: Story) -> dict[str, float | None]:
    """Seconds of each stage that was reached, pauses left out; None where it took no step worth a record."""
    found: dict[str, float | None] = {}
    pauses = cuts(story.spans)
    for name in STAGES:
        own = [span for span in story.spans if span.stage == name]
        bars = [span for span in own if span.kind == "stage"] or own
        if bars:
            start, end = min(span.start for span in bars), max(span.start + span.seconds for span in bars)
            found[name] = max(end - start - sum(max(min(end, b) - max(start, a), 0.0) for a, b in pauses), 0.0)
        elif reached(story.run, name):
            found[name] = None
    return found


def reached(run: Run, stage: str) -> bool:
    """Did the stage leave anything in the record?"""
    left = {
        "intake": run.task,
        "gather": run.pack,
        "plan": run.plan,
        "generate": run.waves or run.pending,
        "collect": run.waves,
        "verify": run.evidence,
        "refine": run.rounds,
        "deliver": run.delivery,
    }
    return bool(left.get(stage))
