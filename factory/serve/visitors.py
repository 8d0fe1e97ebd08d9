"""Who is logged in to the status page: session ids of browsers, in memory only, and how often a key may be tried."""

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable

from factory.contracts.record import digest

LASTS_S = 12 * 3600.0
MOST = 256  # sessions; the oldest end first
TRIES, TRIES_ALL, WITHIN_S = 5, 60, 60.0  # wrong keys of one address, and of all, within so many seconds


class Visitors:
    """`now` is monotonic. A session is a random id; only its SHA-256 is kept, with the name of the key."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sessions: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._wrong: deque[tuple[float, str]] = deque(maxlen=TRIES_ALL)

    def enter(self, key: str) -> str:
        """A new session of the key with this name: what the cookie is to hold."""
        made = secrets.token_urlsafe(32)
        self._sessions[digest(made)] = (key, self._now() + LASTS_S)
        if len(self._sessions) > MOST:
            self._sessions.popitem(last=False)
        return made

    def key(self, session: str) -> str | None:
        """The name of the key that the session was opened with; None when there is no such session, or no longer."""
        name, until = self._sessions.get(digest(session), ("", 0.0))
        return name if self._now() < until else None

    def leave(self, session: str) -> None:
        self._sessions.pop(digest(session), None)

    def wait_s(self, address: str) -> float:
        """How long this address may not try a key; 0 = it may."""
        late = self._now() - WITHIN_S
        while self._wrong and self._wrong[0][0] <= late:
            self._wrong.popleft()
        mine = [at for at, who in self._wrong if who == address]
        if len(mine) >= TRIES:
            return mine[-TRIES] - late
        return self._wrong[0][0] - late if len(self._wrong) >= TRIES_ALL else 0.0

    def wrong(self, address: str) -> None:
        """A key that is not known was tried from there."""
        self._wrong.append((self._now(), address))
