"""A start of an engine is kept for the planner, and held against the best one of its like."""

from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.gpu.bootlog import Boot
from factory.gpu.calibrations import compare, key_of, recall, remember


def learn(state: Path, boot: Boot, card: str = "", count: int = 0) -> tuple[str, ...]:
    """Sentences about a pool more than 3 % under the best start so far; () = as it should be.

    `state`: the state folder; `card` and `count`: what it ran on, which the log does not say. A start that says nothing
    of its pool or its model teaches nothing. Raises Stopped when the disk takes nothing.
    """
    if boot.pool_tokens is None and boot.available_gib is None:
        return ()
    try:
        key = key_of(boot, card=card, count=count)
        best = recall(state, key)
    except UsageProblem as problem:
        return (str(problem),)
    remember(state, boot, key)
    return compare(boot, stored=best) if best else ()
