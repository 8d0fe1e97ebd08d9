"""The clock of a run that was paused overnight, and the lanes of its workers."""

import pytest

from factory.contracts.story import Span
from factory.render.picture import gantt, line
from factory.render.timeline import elapsed, lane, scale, stage_seconds
from tests.render.stories import accepted, empty, stopped, tidy


def span(stage: str, unit: str, start: float, seconds: float, kind: str = "exchange") -> Span:
    return Span(stage=stage, unit=unit, kind=kind, label="", start=start, seconds=seconds)


OVERNIGHT = (
    span("plan", "", 0, 10),
    span("generate", "api", 10, 20),
    span("generate", "api", 30_000, 15),
    span("generate", "", 10, 30_005, "stage"),
)


def test_a_pause_does_not_count() -> None:
    assert elapsed(OVERNIGHT) == pytest.approx(45)
    story = accepted().but(spans=OVERNIGHT)
    took = stage_seconds(story)
    assert took["generate"] == pytest.approx(35)
    assert "paused 8 h 19 m" in gantt(story)


def test_time_runs_to_the_right_and_ends_at_the_edge() -> None:
    over = scale(OVERNIGHT, 500)
    places = [over.x(second) for second in (0, 10, 30, 15_000, 30_000, 30_015)]
    assert places == sorted(places)
    assert places[-1] == pytest.approx(500)


def test_short_gaps_and_slow_starts_count() -> None:
    assert elapsed((span("plan", "", 5, 10), span("plan", "", 40, 10))) == pytest.approx(50)
    assert elapsed(()) == 0


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("api", "api"),
        ("api.retry", "api"),
        ("api.k1.tests", "api"),
        ("fix-1-2.checks", "fix-1-2"),
        ("r1.hydra.tests", "r1.hydra.tests"),
    ],
)
def test_retries_and_candidates_share_their_units_lane(unit: str, name: str) -> None:
    assert lane(span("generate", unit, 0, 1)) == ("generate", name)


def test_the_line_says_what_was_reached_and_where_it_stopped() -> None:
    assert "intake 0.1 s, gather not reached" in line(stopped())
    assert "stopped here" in line(stopped())
    assert line(empty()).count("not reached") >= 8
    drawn = line(tidy())
    assert "refine not needed" in drawn  # no model judges a tidy, and it was delivered
    assert "not reached" not in drawn
    without_steps = accepted().but(spans=())
    assert "deliver done" in line(without_steps)


def test_waves_are_visible() -> None:
    drawn = gantt(accepted())
    assert drawn.index("wave 1") < drawn.index("wave 2")
    assert drawn.count('class="wave"') == 2
