"""When an endpoint that fails is left alone, and when it is asked again. No I/O: time is an argument.

Closed until `failures` requests in a row failed. In a row, not a ratio over a window: before the first token a
fallback is free, so an endpoint that fails now and then is still worth asking (at 1 failure in 10 three in a row come
once in about 1,100 requests, at 1 in 2 once in 14), while a dead one is found after three however well it did before,
and nothing has to be chosen for quiet hours. Then open for `cooldown_s`, after that exactly one request goes through
as a probe (half-open): its success closes the breaker, its failure doubles the cooldown up to `longest_s`.
The pattern is Nygard's (Release It!, 2007).
"""

from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(slots=True, frozen=True)
class Limits:
    """When a breaker opens and for how long."""

    failures: int = 3
    cooldown_s: float = 2.0
    longest_s: float = 60.0
    longest_hold_s: float = 600.0  # a server's retry-after is believed up to here
    probe_s: float = 600.0  # a probe that nobody reported on for so long is given up


class Breaker:
    """One endpoint's. Ask `allow`, then report once: `succeeded`, `failed` or `gone`.

    `began` of a report is when that request was allowed: what began before the breaker last opened says nothing about
    the endpoint now, so a long stream that ends well does not close it, and its failure does not count twice.
    An answer of 4xx to a client's own mistake is a success here: the endpoint answered.
    """

    __slots__ = ("_cooldown_s", "_failures", "_limits", "_opened", "_probe", "_until", "state")

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self.state: State = "closed"
        self._failures = 0  # in a row
        self._cooldown_s = self._limits.cooldown_s
        self._opened = float("-inf")
        self._until = float("-inf")  # nothing goes through before
        self._probe: float | None = None  # when the probe under way went through

    def retry_after(self, now: float) -> float:
        """Seconds until something may go through; 0 = now, or when the probe under way has ended."""
        return max(0.0, self._until - now)

    def ready(self, now: float) -> bool:
        """Whether `allow` would let a request through; changes nothing."""
        if now < self._until:
            return False
        return self.state == "closed" or self._probe is None or now - self._probe >= self._limits.probe_s

    def allow(self, now: float) -> bool:
        """Whether a request may go now. Past an open breaker's cooldown the one that may is the probe."""
        if not self.ready(now):
            return False
        if self.state != "closed":
            self.state, self._probe = "half_open", now
        return True

    def succeeded(self, now: float, began: float | None = None) -> None:
        """It answered (also with a 4xx of the client's own making)."""
        if self._stale(began):
            return
        self.state, self._failures, self._probe = "closed", 0, None
        self._cooldown_s = self._limits.cooldown_s

    def failed(self, now: float, retry_after: float | None = None, began: float | None = None) -> None:
        """No connection, 5xx, a broken or late answer; or, with `retry_after` seconds, a 429 or 503 that says when.

        The latter shuts the door until then and is not a failure: the endpoint is busy, not broken.
        """
        if retry_after is not None:
            self.succeeded(now, began)
            self._until = max(self._until, now + min(max(0.0, retry_after), self._limits.longest_hold_s))
            return
        if self._stale(began):
            return
        self._failures += 1
        if self.state == "half_open":
            self._cooldown_s = min(2 * self._cooldown_s, self._limits.longest_s)
        elif self._failures < self._limits.failures:
            return
        self.state, self._probe, self._opened = "open", None, now
        self._until = max(self._until, now + self._cooldown_s)

    def gone(self, now: float, began: float | None = None) -> None:
        """It was given up before anything was known (the client left): if it was the probe, the next may be one."""
        if not self._stale(began):
            self._probe = None

    def _stale(self, began: float | None) -> bool:
        """Whether a report is about a request from before the breaker opened; while it is open, each is."""
        if self.state == "open":
            return True
        since = self._opened if self._probe is None else self._probe
        return began is not None and began < since
