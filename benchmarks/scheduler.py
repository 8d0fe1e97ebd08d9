"""The scheduler against first come, first served with a swap on demand: the same day, cards, costs, in virtual time.

    python -m benchmarks.scheduler [--json | --others]     --others: five further days, too

All run the same state machine on the same simulated cards (benchmarks/box.py), so the difference is the order alone.
First come, first served: a request's model is asked for when all earlier requests have begun, and swapped in at once.
Swap on demand: each request asks at once, and any that waits swaps its model in as soon as what runs has ended.
Requests at the same model run side by side and do not slow each other down, with all three.
"""

import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from benchmarks.arrivals import day, read
from benchmarks.box import Arrival, Box, Times
from factory.gpu.actions import Load, Wake
from factory.gpu.device import GIB
from factory.gpu.placement import Card, Need
from factory.gpu.scheduler import Scheduler
from factory.gpu.swaps import Rules
from factory.gpu.tenants import Model

SIZE = int(23.58 * GIB)
GIBS = {"fast": 9, "coder": 20, "reasoner": 21}
COLD = {"fast": 35.0, "coder": 60.0, "reasoner": 65.0}  # seconds of a start: FACTS, 30 to 100
WAKE = 3.0  # seconds at level 1: FACTS, 0.1 to 6
OURS, AT_ONCE = Rules(min_loaded_s=60, max_wait_s=120), Rules(min_loaded_s=0, max_wait_s=0)


@dataclass(frozen=True)
class Result:
    """One policy on one box. Seconds; shares of the time in which any request was there."""

    box: str
    policy: str
    requests: int
    mean: float  # waits of people and their agents; the batch is apart
    p50: float
    p95: float
    longest: float
    batch_p95: float
    swaps: int
    serving: float  # share of that time in which at least one request was answered
    swapping: float  # share of the cards' time that starts, wakes, sleeps and ends took
    ended: float  # hours after 9:00 when all was done


def boxes() -> Iterable[tuple[str, int, bool]]:
    """Name, cards, whether engines can sleep."""
    yield "one 3090, sleep mode", 1, True
    yield "one 3090, cold starts only", 1, False
    yield "two 3090, sleep mode", 2, True
    yield "two 3090, cold starts only", 2, False


def simulate(arrivals: Sequence[Arrival], cards: int, sleeps: bool, rules: Rules, strict: bool) -> Box:
    models = [
        Model(Need(name, gib * GIB), (1, 2) if sleeps else (), left=2 * GIB, host=gib * GIB, load_s=COLD[name])
        for name, gib in GIBS.items()
    ]
    known = tuple(Card(index, "RTX 3090", SIZE, SIZE) for index in range(cards))
    scheduler = Scheduler(models, known, rules)
    times = {name: Times(COLD[name], WAKE) for name in GIBS}
    found = Box(scheduler, times, dict.fromkeys(range(cards), SIZE), strict=strict)
    found.run(arrivals)
    return found


def measured(box: str, policy: str, cards: int, found: Box) -> Result:
    lost = [fate for fate in found.fates.values() if fate.ended is None]
    if lost or found.over:
        raise AssertionError(f"{box}, {policy}: {len(lost)} requests lost, {found.over} times over the memory")
    batch = {key for key in found.fates if key.startswith("n")}
    waits = sorted(fate.waited for key, fate in found.fates.items() if key not in batch)
    evening = sorted(fate.waited for key, fate in found.fates.items() if key in batch)
    here = _union((fate.came, fate.ended) for fate in found.fates.values() if fate.ended)
    served = _union(
        (fate.served, fate.ended) for fate in found.fates.values() if fate.served is not None and fate.ended
    )
    work = sum(end - begun for begun, end, _ in found.works)
    return Result(
        box, policy, len(waits), statistics.mean(waits), statistics.median(waits), _at(waits, 0.95), waits[-1],
        _at(evening, 0.95),
        sum(isinstance(each, Load | Wake) for _, _, each in found.works), served / here, work / (here * cards),
        max(fate.ended or 0 for fate in found.fates.values()) / 3600,
    )  # fmt: skip


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _union(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds that at least one of the spans covers."""
    total, reached = 0.0, float("-inf")
    for begun, end in sorted(spans):
        total += max(0.0, end - max(begun, reached))
        reached = max(reached, end)
    return total


POLICIES = (
    ("first come, first served", AT_ONCE, True),
    ("swap on demand", AT_ONCE, False),
    ("the scheduler", OURS, False),
)


def results(arrivals: Sequence[Arrival]) -> list[Result]:
    return [
        measured(name, policy, cards, simulate(arrivals, cards, sleeps, rules, strict))
        for name, cards, sleeps in boxes()
        for policy, rules, strict in POLICIES
    ]


def other_days(seeds: Sequence[int]) -> Iterable[str]:
    """The same for days that nothing was chosen on: medians over them."""
    found = [results(day(seed)) for seed in seeds]
    for rows in zip(*found, strict=True):
        middle = {
            name: statistics.median(getattr(row, name) for row in rows) for name in ("mean", "p95", "longest", "swaps")
        }
        yield (
            f"| {rows[0].box} | {rows[0].policy} | {middle['mean']:.1f} s | {middle['p95']:.0f} s "
            f"| {middle['longest']:.0f} s | {middle['swaps']:.0f} |"
        )


HEAD = (
    "| Box | Order | wait, mean | p50 | p95 | longest | p95, batch | swaps | serving | swapping | done after |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
OTHERS = "| Box | Order | wait, mean | p95 | longest | swaps |\n| --- | --- | ---: | ---: | ---: | ---: |"


def line(row: Result) -> str:
    return (
        f"| {row.box} | {row.policy} | {row.mean:.1f} s | {row.p50:.1f} s | {row.p95:.0f} s | {row.longest:.0f} s "
        f"| {row.batch_p95:.0f} s | {row.swaps} | {row.serving:.0%} | {row.swapping:.0%} | {row.ended:.1f} h |"
    )


def main(arguments: Sequence[str]) -> int:
    found = results(read())
    if "--json" in arguments:
        print(json.dumps([asdict(row) for row in found], indent=1))
        return 0
    print("\n".join((HEAD, *map(line, found))))
    if "--others" in arguments:
        print("\n".join(("", OTHERS, *other_days(range(1, 6)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
