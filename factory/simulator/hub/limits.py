"""GitHub's rate limits, counted for real on the hub's clock.

Primary: requests an hour, 1,000 a repository for Actions tokens, 5,000 for an app's installation or a person, 60
without a token. Secondary: 900 points a minute (a read is 1, a write 5), and 80 requests a minute and 500 an hour that
make content.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from factory.simulator.hub.routes import Call, Refused

HOUR, MINUTE = 3600.0, 60.0
PRIMARY = {"actions": 1000, "app": 5000, "pat": 5000, "jwt": 5000, "": 60}
POINTS = 900  # a minute
CONTENT_MINUTE, CONTENT_HOUR = 80, 500
FREE = ("/rate_limit", "/_")  # looking at the limit costs none of it; nor do downloads, from another host
NO_CONTENT = (
    "/reactions",
    "/graphql",
    "/access_tokens",
    "/cancel",
    "/rerun",
    "/rerun-failed-jobs",
    "/requested_reviewers",
)


@dataclass
class Bucket:
    """One actor's windows. `started`: when the hour of the primary limit began."""

    most: int
    started: float
    used: int = 0
    points: deque[tuple[float, int]] = field(default_factory=deque)  # when, how many
    content: deque[float] = field(default_factory=deque)


class Limits:
    """`primary` and `secondary` switch the two kinds off; `refused` lists (when, actor) of requests over a limit."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._buckets: dict[str, Bucket] = {}
        self.primary = self.secondary = True
        self.refused: list[tuple[float, str]] = []

    def bucket(self, call: Call) -> Bucket:
        """The window that the caller's requests fall into, begun anew when its hour is over."""
        now, key = self._now(), actor(call)
        found = self._buckets.get(key)
        if found is None:
            kind = call.token.kind if call.token else ""
            found = self._buckets[key] = Bucket(PRIMARY[kind], now)
        if now >= found.started + HOUR:
            found.started, found.used = now, 0
        return found

    def spend(self, call: Call) -> Refused | None:
        """Counts a request, or gives GitHub's refusal of it. Called under the hub's lock."""
        if call.path.startswith(FREE):
            return None
        bucket = self.bucket(call)
        refusal = self._over_primary(call, bucket) or self._over_secondary(call, bucket)
        if refusal:
            self.refused.append((self._now(), actor(call)))
            return refusal
        bucket.used += 1
        bucket.points.append((self._now(), points(call)))
        if makes_content(call):
            bucket.content.append(self._now())
        return None

    def exhaust(self, call: Call) -> Refused:
        """Uses up what is left of the hour: what a fault does, and the refusal that follows."""
        bucket = self.bucket(call)
        bucket.used = max(bucket.used, bucket.most)
        return _primary(call)

    def headers(self, call: Call) -> dict[str, str]:
        bucket = self.bucket(call)
        return {
            "X-RateLimit-Limit": str(bucket.most), "X-RateLimit-Remaining": str(max(0, bucket.most - bucket.used)),
            "X-RateLimit-Used": str(bucket.used), "X-RateLimit-Reset": str(int(bucket.started + HOUR)),
            "X-RateLimit-Resource": "core",
        }  # fmt: skip

    def _over_primary(self, call: Call, bucket: Bucket) -> Refused | None:
        return _primary(call) if self.primary and bucket.used >= bucket.most else None

    def _over_secondary(self, call: Call, bucket: Bucket) -> Refused | None:
        now = self._now()
        while bucket.points and bucket.points[0][0] <= now - MINUTE:
            bucket.points.popleft()
        while bucket.content and bucket.content[0] <= now - HOUR:
            bucket.content.popleft()
        if not self.secondary:
            return None
        if sum(many for _, many in bucket.points) + points(call) > POINTS:
            return secondary(bucket.points[0][0] + MINUTE - now)
        if not makes_content(call):
            return None
        fresh = [when for when in bucket.content if when > now - MINUTE]
        if len(fresh) >= CONTENT_MINUTE:
            return secondary(fresh[0] + MINUTE - now)
        return secondary(bucket.content[0] + HOUR - now) if len(bucket.content) >= CONTENT_HOUR else None


def actor(call: Call) -> str:
    """Whose limit a request counts against: Actions by repository, an app by installation, a person by login."""
    if call.token is None:
        return "nobody"
    place = call.token.repo.lower() if call.token.kind in ("actions", "app") else ""
    return f"{call.token.kind} {call.token.login.lower()} {place}".strip()


def points(call: Call) -> int:
    return 1 if call.method in ("GET", "HEAD") else 5


def makes_content(call: Call) -> bool:
    """Whether GitHub counts it as making content: issues, comments, pull requests, reviews …"""
    return call.method == "POST" and not call.path.endswith(NO_CONTENT)


def secondary(wait: float) -> Refused:
    """`wait`: seconds that `retry-after` names, at least one."""
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return Refused(403, message, headers={"Retry-After": str(max(1, round(wait + 0.5)))})


def _primary(call: Call) -> Refused:
    whom = f"user {call.login}" if call.token and call.token.kind == "pat" else "installation"
    return Refused(403, f"API rate limit exceeded for {whom}.")
