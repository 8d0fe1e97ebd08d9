"""Look up, then create: the one way an effect comes into being, so that a lost answer never makes a second one."""

from collections.abc import Callable
from typing import TypeVar

from factory.contracts.errors import HubUnreachable
from factory.contracts.seams import Clock

T = TypeVar("T")
LAG = 12.0  # seconds GitHub's lists may lag behind what was made
TRIES = 3


class Once:
    """One job's memory of what may have been made. `again`: an earlier attempt of this job may have made things
    shortly before it was killed, so a look-up that finds nothing is repeated until they would be visible."""

    def __init__(self, clock: Clock, again: bool = False) -> None:
        self._clock = clock
        self._settled = clock.monotonic() + (LAG if again else 0.0)

    def __call__(self, find: Callable[[], T | None], create: Callable[[], T], lag: float = LAG) -> T:
        """What `find` finds, else what `create` makes. Raises what they raise: a look-up that fails creates nothing."""
        found = self._look(find, self._settled)
        if found is not None:
            return found
        for attempt in range(1, TRIES + 1):
            try:
                return create()
            except HubUnreachable:
                found = self._look(find, self._clock.monotonic() + lag)
                if found is not None:
                    return found
                if attempt == TRIES:
                    raise
        raise AssertionError("unreachable")

    def _look(self, find: Callable[[], T | None], until: float) -> T | None:
        """Nothing is there only if a look-up that began at `until` or later says so: a slow one read before that."""
        pause = 1.0
        while True:
            began = self._clock.monotonic()
            found = find()
            if found is not None or began >= until:
                return found
            self._clock.sleep(max(min(pause, until - self._clock.monotonic()), 0.0))
            pause *= 1.5
