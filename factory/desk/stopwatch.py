"""How long a loop has worked: journalled, so that pauses between kill and resume do not count."""

from collections.abc import Callable

from factory.contracts.record import Record
from factory.contracts.seams import Scope


class Tick(Record):
    """A step of a loop, as it lies in the journal: seconds since the loop began, so that a replay ends where it did."""

    step: int


class Elapsed(Record):
    seconds: float


def stopwatch(scope: Scope, clock: Callable[[], float]) -> Callable[[int], float]:
    """Seconds worked up to a step."""
    last, before = clock(), 0.0

    def elapsed(step: int) -> float:
        nonlocal last, before
        before = scope.step(
            "tick", Tick(step=step), lambda: Elapsed(seconds=before + clock() - last), Elapsed
        ).seconds  # fmt: skip
        last = clock()
        return before

    return elapsed
