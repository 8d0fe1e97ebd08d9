"""The published day, and what the benchmark claims of it, on the box that is quickest to simulate."""

from benchmarks.arrivals import day, read
from benchmarks.scheduler import AT_ONCE, OURS, measured, simulate


def test_the_published_day_is_the_generated_one() -> None:
    assert read() == day()


def test_the_scheduler_swaps_less_and_lets_wait_less() -> None:
    """Two cards, cold starts; an hour and a half of the day. `measured` fails on a lost request or too much memory."""
    arrivals = read()
    early = {each.id for each in arrivals if each.at < 5400 and not each.after}
    loops = [each for each in arrivals if each.after and f"{each.id.rpartition('.')[0]}.0" in early]
    batch = [each for each in arrivals if each.id.startswith("n")][:20]
    part = [*(each for each in arrivals if each.id in early), *loops, *batch]
    first, ours = (
        measured("two", name, 2, simulate(part, 2, False, rules, strict))
        for name, rules, strict in (("first", AT_ONCE, True), ("ours", OURS, False))
    )
    assert ours.requests == first.requests > 300
    assert ours.swaps < first.swaps
    assert ours.mean < first.mean / 2
    assert ours.p95 < first.p95
