"""How fast counters grow: over the last seconds, from values noted now and then. Time is an argument."""

from collections import deque
from collections.abc import Mapping

WINDOW_S = 10.0


class Rates:
    """Counters by name, each of which grows from 0."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._noted: deque[tuple[float, dict[str, int]]] = deque()

    def note(self, now: float, counts: Mapping[str, int]) -> None:
        """To be called about once a second; the oldest note within the window is what is compared with."""
        self._noted.append((now, dict(counts)))
        while len(self._noted) > 2 and self._noted[1][0] <= now - self._window_s:
            self._noted.popleft()

    def of(self, name: str) -> float | None:
        """A second; None until two values were noted. A counter that went back counts as standing still."""
        if len(self._noted) < 2:
            return None
        (began, before), (now, latest) = self._noted[0], self._noted[-1]
        grown = latest.get(name, 0) - before.get(name, 0)
        return max(0, grown) / (now - began) if now > began else None
