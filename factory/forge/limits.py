"""GitHub's limits, obeyed: when the next request may go out, and when there is no sense in sending one.

Rules: retry-after, else x-ratelimit-reset (compared with GitHub's own clock), else a minute and doubling; a second
between writes; after several faults in a row nothing is sent for a while. Waiting is bounded by `patience` seconds in
all; what would take longer is a HubLimited, and until it lifts nothing goes out.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from factory.contracts.errors import HubLimited, HubUnreachable
from factory.contracts.seams import Clock
from factory.forge.answers import Reply, is_limit

GAP = 1.0  # seconds between two writes
MINUTE = 60.0
MAX_WAIT = 3600.0
FAULTS = 5  # answers 5xx or none in a row that open the circuit
OPEN_MOST = 600.0


class Limits:
    """One per process: everything that is sent asks here first and reports here after."""

    def __init__(self, clock: Clock, patience: float = 300.0) -> None:
        self._clock = clock
        self._patience = patience
        self._state = threading.Lock()
        self._writer = threading.RLock()
        self._free: dict[str, float] = {}  # resource -> monotonic time from which it may be asked again
        self._strikes = 0
        self._wrote = float("-inf")
        self._faults = 0
        self._closed = 0.0  # monotonic time until which the circuit is open
        self._date: datetime | None = None

    @property
    def server_time(self) -> str:
        """ISO 8601 UTC: GitHub's clock at the last answer; "" before the first."""
        with self._state:
            return self._date.strftime("%Y-%m-%dT%H:%M:%SZ") if self._date else ""

    @contextmanager
    def turn(self, write: bool) -> Iterator[None]:
        """One writer at a time, a second apart."""
        if not write:
            yield
            return
        with self._writer:
            self._until(self._wrote + GAP)
            try:
                yield
            finally:
                self._wrote = self._clock.monotonic()

    def admit(self, resource: str) -> None:
        """Wait until a request may go out. Raises HubLimited or HubUnreachable when that is too long from now."""
        with self._state:
            now = self._clock.monotonic()
            if self._closed > now:
                rest = self._closed - now
                raise HubUnreachable(f"GitHub does not answer; the next try is in {rest:.0f} s: resume later.")
            free = max(self._free.get(resource, 0.0), self._free.get("", 0.0))
            wait = free - now
            if wait > self._patience:
                raise HubLimited(f"GitHub's rate limit lifts in {wait:.0f} s: resume then.", wait)
            self._patience -= max(wait, 0.0)
        self._until(free)

    def answered(self, resource: str, reply: Reply) -> bool:
        """Learn from an answer. True: it was a limit, the request was not carried out."""
        with self._state:
            self._date = reply.date or self._date
            if reply.status >= 500:
                self._fault(reply.number("retry-after") or 0.0)
                return False
            self._faults = 0
            limited = is_limit(reply)
            if limited:
                wait = self._wait(reply)
                self._strikes += 1
                whole = reply.headers.get("x-ratelimit-remaining") != "0"  # secondary limits hold for everything
                self._free["" if whole else resource] = self._clock.monotonic() + wait
            else:
                self._strikes = 0
                if reply.headers.get("x-ratelimit-remaining") == "0":
                    self._free[resource] = self._clock.monotonic() + self._reset(reply)
            return limited

    def unanswered(self) -> None:
        """No answer came."""
        with self._state:
            self._fault(0.0)

    def pause(self, seconds: float) -> None:
        """Before a request is tried again."""
        self._clock.sleep(seconds)

    def _fault(self, least: float) -> None:
        self._faults += 1
        if self._faults >= FAULTS:
            wait = min(MINUTE * 2 ** (self._faults - FAULTS), OPEN_MOST)
            self._closed = self._clock.monotonic() + max(wait, min(least, OPEN_MOST))

    def _wait(self, reply: Reply) -> float:
        after = reply.number("retry-after")
        if after is not None:
            return max(after, 1.0)
        if reply.headers.get("x-ratelimit-remaining") == "0" and reply.number("x-ratelimit-reset"):
            return self._reset(reply)
        return float(min(MINUTE * 2**self._strikes, MAX_WAIT))

    def _reset(self, reply: Reply) -> float:
        """Seconds until the window's end by GitHub's own clock: ours may be wrong."""
        now = reply.date or datetime.fromisoformat(self._clock.now())
        return max((reply.number("x-ratelimit-reset") or 0.0) - now.timestamp(), 0.0) + 1.0

    def _until(self, moment: float) -> None:
        while (rest := moment - self._clock.monotonic()) > 0:
            self._clock.sleep(rest)
