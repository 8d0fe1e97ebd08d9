"""The gateway's till: money and tokens are set aside before a request leaves, and settled after it, in groups.

One thread writes. Callers hand it their reservations and go on waiting for an answer, their settlements and free
requests and go on at once. It takes everything that waits, and one transaction sums up what all processes on this
file have used, decides, writes and commits: so no limit is passed by a micro-dollar, and one commit serves many.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Self, TypeVar

from factory.contracts.errors import Stopped
from factory.contracts.model import Usage
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.contracts.serving import KeySettings
from factory.contracts.tables import BudgetSettings
from factory.db import Database
from factory.ledger.days import KeyDay, days_of_keys
from factory.ledger.spend import micro
from factory.ledger.till_book import MOST_COST, NOTHING, Ask, Book, Sent, Settled, Spent, believed, count, plain
from factory.ledger.till_limits import Charge, Limit, Limits
from factory.ledger.till_memory import Unwritten

__all__ = ["Charge", "KeyDay", "Limit", "Sent", "Till"]

FLUSH_S = 0.2  # what nobody waits for is written after so long at the latest
BUSY_S = 0.03  # or after so long while there is much to do: a small group does not hold up the event loop
GROUP = 500  # or when there is so much of it; and the most of each kind in one transaction
MOST_WAITING = 20_000  # free requests in memory one by one; what comes on top is added up

T = TypeVar("T")
Used = tuple[Charge, int, Usage, float]  # cost in micro-dollars
NOBODY = Charge("", "", "", "", "local")  # a reservation that is settled or cancelled keeps the names it was made with


class Till:
    """Safe for threads, and for processes that share the database.

    `keys` may be a live mapping. `notify(event, facts)` is called by the writing thread and must not wait; it hears
    "budget_80" (limit, of, used, cap, text) once a day and limit, "ledger_unwritable" (reason, text) and
    "ledger_written" (text). `kept`: micro-dollars that each open run of the line which pays for its models itself
    keeps for its second judge; None is budget.escalation_usd. `most_sent`: bytes that may leave for a tier in a day
    ('': for all of them together).
    """

    def __init__(
        self,
        db: Database,
        keys: Mapping[str, KeySettings],
        budget: BudgetSettings,
        clock: Clock,
        notify: Callable[[str, Json], None],
        kept: int | None = None,
        most_sent: Mapping[str, int] | None = None,
    ) -> None:
        self._db, self._keys, self._clock, self._notify = db, keys, clock, notify
        self._limits = Limits(keys, budget)
        own = micro(budget.escalation_usd) if kept is None else kept
        self._book = Book(db, self._limits, clock, own, most_sent or {})
        self._asks: deque[Ask] = deque()
        self._settled: deque[Settled] = deque()
        self._used: deque[Used] = deque()
        self._flushes: deque[Future[None]] = deque()
        self._unwritten = Unwritten()
        self._trouble: Stopped | None = None
        self._wake, self._lock, self._closed = threading.Event(), threading.Lock(), False
        self._thread = threading.Thread(target=self._work, name="till", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Writes what was handed in before; afterwards reservations are refused and the rest is ignored."""
        with self._lock:
            self._closed = True
        self._wake.set()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def needs_reservation(self, charge: Charge, cost: int) -> bool:
        """Must it be reserved? If it can cost something, leaves the machine's own models, or counts on a token cap."""
        return cost > 0 or charge.tier != "local" or self._limits.counts_tokens(charge.key)

    def reserve(
        self, charge: Charge, cost: int, tokens: int, sent: Sent | None = None, limits: tuple[Limit, ...] = ()
    ) -> Future[int]:
        """Set aside the worst case: `cost` micro-dollars and `tokens`, in and out. `limits` bind besides the charge's.

        When the future has its number, the reservation and `sent` (a row of the egress ledger) are on the disk, and
        the request may leave. It raises Stopped('budget' | 'egress') with a sentence that names the limit;
        Stopped('disk_full' | 'state_unusable') for a request that costs something or leaves the machine while nothing
        can be written; Stopped('interrupted') after `stop`. A caller that no longer waits calls `abandon`.
        """
        future: Future[int] = Future()
        ask = Ask(future, plain(charge), count(cost, MOST_COST), count(tokens), sent, limits)
        with self._lock:
            if self._closed:
                future.set_exception(Stopped("interrupted", "The gateway is stopping: ask again later."))
                return future
            self._asks.append(ask)
        self._wake.set()
        return future

    def abandon(self, future: Future[int]) -> None:
        """Nobody waits for this reservation any more: it is not made, or cancelled as soon as it is."""

        def unmake(made: Future[int]) -> None:
            if not made.exception():
                self.cancel(made.result())

        if not future.cancel():
            future.add_done_callback(unmake)

    def settle(self, number: int, charge: Charge, cost: int, usage: Usage, seconds: float) -> None:
        """Replace a reservation by what was really used."""
        self._settled.append((number, believed(charge, cost, usage, seconds)))
        self._wake_if(len(self._settled))

    def cancel(self, number: int) -> None:
        """It was not sent at all: nothing is used, and the egress ledger's row is taken back."""
        self._settled.append((number, Spent(NOBODY, 0, NOTHING, 0.0, calls=0)))
        self._wake_if(len(self._settled))

    def record(self, charge: Charge, usage: Usage, seconds: float, cost: int = 0) -> None:
        """Book what was used without asking: a free request that needs no reservation."""
        self._used.append((charge, cost, usage, seconds))
        self._wake_if(len(self._used))
        if len(self._used) > MOST_WAITING:
            self._add_up_one()

    def _add_up_one(self) -> None:
        with suppress(IndexError):  # the writer took it
            self._unwritten.add([believed(*self._used.popleft())])

    def flush(self) -> Future[None]:
        """Done when everything handed in before is on the disk; raises Stopped when that cannot be."""
        future: Future[None] = Future()
        with self._lock:
            if self._closed:
                future.set_result(None)
                return future
            self._flushes.append(future)
        self._wake.set()
        return future

    def today(self) -> tuple[KeyDay, ...]:
        """Per key, as of the latest commit (and what waits for a full disk)."""
        return days_of_keys(self._db, self._clock.now()[:10], self._keys, self._unwritten.sums())

    def spent_on(self, machine: str) -> int:
        """Micro-dollars of a rented machine today, reserved or used, as of the latest commit."""
        query = "SELECT COALESCE(SUM(cost), 0) FROM day_totals WHERE day = ? AND endpoint = ? AND kind = 'gpu'"
        return int(self._db.connection().execute(query, (self._clock.now()[:10], machine)).fetchone()[0])

    def _wake_if(self, waiting: int) -> None:
        if waiting >= GROUP and not self._wake.is_set():
            self._wake.set()

    def _work(self) -> None:
        """The writing thread."""
        busy = False
        while True:
            self._wake.wait(BUSY_S if busy else FLUSH_S)
            self._wake.clear()
            busy = bool(self._used or self._settled or self._asks)
            closed = self._closed  # read first: nothing is handed in after it
            self._turns()
            if closed:
                return

    def _turns(self) -> None:
        """Write until nothing waits, or nothing can be written."""
        flushes = _take(self._flushes, len(self._flushes))
        while self._asks or self._settled or self._used or self._unwritten:
            asks = [ask for ask in _take(self._asks, GROUP) if ask.future.set_running_or_notify_cancel()]
            settled = _take(self._settled, GROUP)
            used = [believed(*use) for use in _take(self._used, GROUP)]
            self._turn(asks, settled, used)
            if self._trouble and not self._asks:
                break
        for future in flushes:
            if self._trouble:
                future.set_exception(self._trouble)
            else:
                future.set_result(None)

    def _turn(self, asks: Sequence[Ask], settled: Sequence[Settled], used: list[Spent]) -> None:
        """One group. Whatever happens, every ask is answered: somebody waits for it."""
        try:
            self._write(asks, settled, used)
        except Exception as error:  # noqa: BLE001 (a fault of ours must not leave requests waiting for ever)
            problem = Stopped("internal_error", f"The ledger failed: {type(error).__name__}: {error}.")
            for ask in asks:
                if not ask.future.done():
                    ask.future.set_exception(problem)
            with suppress(Exception):  # it may be what failed
                self._notify("ledger_unwritable", {"reason": problem.reason, "text": str(problem)})

    def _write(self, asks: Sequence[Ask], settled: Sequence[Settled], used: list[Spent]) -> None:
        on_disk = [item for item in settled if item[0] > 0]
        for number, use in settled:
            if number < 0:  # reserved while nothing could be written
                self._unwritten.drop(number)
                used += [use] if use.calls else []
        kept = self._unwritten.take()
        try:
            written = self._book.write(asks, on_disk, [*kept, *used], self._unwritten.held())
        except Stopped as problem:
            waiting = _take(self._used, MOST_WAITING)
            self._unwritten.add([*kept, *used, *(believed(*each) for each in waiting)])
            self._settled.extendleft(reversed(on_disk))
            self._cannot_write(asks, problem)
            return
        for ask, answer in zip(asks, written.answers, strict=True):
            if isinstance(answer, Stopped):
                ask.future.set_exception(answer)
            else:
                ask.future.set_result(answer)
        if self._trouble:
            self._trouble = None
            calls = sum(use.calls for use in kept)
            self._notify("ledger_written", {"text": f"the ledger is written again, with {calls} requests added up"})
        for warning in written.warnings:
            self._notify("budget_80", warning)

    def _cannot_write(self, asks: Sequence[Ask], problem: Stopped) -> None:
        """What costs nothing and stays here goes on, within its token caps; the rest is refused."""
        why = "free some space on its disk." if problem.reason == "disk_full" else str(problem)
        sentence = f"The gateway's ledger cannot be written, so nothing is sent that must stand in it: {why}"
        refused = Stopped(problem.reason, sentence)
        if self._trouble is None:
            text = f"{sentence} Free local requests go on and are added up in memory."
            self._notify("ledger_unwritable", {"reason": problem.reason, "text": text})
        self._trouble = refused
        free = [ask for ask in asks if not ask.cost and ask.charge.tier == "local"]
        try:
            refusals = self._book.judge(free, self._unwritten.tokens())
        except (Stopped, sqlite3.Error):  # not even read
            free, refusals = [], []
        for ask, refusal in zip(free, refusals, strict=True):
            if refusal:
                ask.future.set_exception(Stopped("budget", refusal))
            else:
                ask.future.set_result(self._unwritten.hold(ask.charge.key, ask.tokens))
        for ask in asks:
            if not ask.future.done():
                ask.future.set_exception(refused)


def _take(waiting: deque[T], most: int) -> list[T]:
    """Oldest first."""
    taken: list[T] = []
    with suppress(IndexError):
        while len(taken) < most:
            taken.append(waiting.popleft())
    return taken
