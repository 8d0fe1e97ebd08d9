"""The state of one table of [rented] on disk, and the hours it reserves ahead and settles behind."""

from collections.abc import Callable
from pathlib import Path

from factory.contracts.errors import Stopped
from factory.contracts.rented import RentedSettings
from factory.ledger.process import this_process
from factory.ledger.spend import dollars
from factory.rented.held import Held, Period, save
from factory.rented.money import Hours, usd

PERIOD_S = 300.0  # hours are reserved in such pieces
MARGIN_S = 90.0  # the next piece is asked for so long before the last one ends: time to destroy in
ANSWER_S = 30.0  # the ledger answers within

Notify = Callable[[str, str], None]
"""(event, sentence). Events: rented_up, rented_lost, rented_destroyed, rented_refused, rented_stuck, rented_unpaid,
rented_problem."""


class Account:
    """Pieces are reserved at the dearest price that is allowed, and settled at the real one by the second.

    A crash between ledger and disk leaves a reservation behind that counts as spent: too much, never too little.
    """

    def __init__(
        self, held: Held, rented: RentedSettings, hours: Hours, wall: Callable[[], float], notify: Notify, folder: Path
    ) -> None:
        self.held = held
        self._hours = hours
        self._wall = wall
        self._notify = notify
        self._folder = folder
        self._dearest = rented.hour_usd

    def keep(self, **changes: object) -> None:
        """The next state, on disk before anything else is done."""
        after = self.held.but(**changes, holder=this_process(), beat=self._wall())
        save(self._folder, after)
        self.held = after

    def pay(self, now: float) -> str:
        """Settle what passed and reserve what comes; why the ledger refuses, or ''."""
        held, over = self.held, [each for each in self.held.periods if each.end <= now]
        for each in over:
            self._hours.settle(each.number, held.name, each.end - each.start, usd(held.hour))
        if over:
            self.keep(periods=held.periods[len(over) :])
        if self.held.booked < now:
            self._gap(now)
        if self.held.booked - now > MARGIN_S:
            return ""
        try:
            self.reserve(self.held.booked)
        except Stopped as refusal:
            return str(refusal)
        return ""

    def reserve(self, start: float) -> None:
        """The next piece. Raises Stopped('budget')."""
        asked = self._hours.reserve(self.held.name, PERIOD_S, self._dearest)
        period = Period(number=asked.result(ANSWER_S), start=start, end=start + PERIOD_S)
        self.keep(periods=(*self.held.periods, period), booked=period.end)

    def priced(self, hour: int) -> None:
        """The cloud says what an hour costs. When that is more than was thought, what is settled is made good."""
        held = self.held
        if held.priced and hour <= held.hour:
            return
        settled = (held.periods[0].start if held.periods else held.booked) - held.since
        if hour > held.hour and settled > 0:
            self._hours.record(held.name, settled, usd(hour - held.hour))
        self.keep(hour=hour, priced=True)

    def settle(self, now: float) -> None:
        """All of it: what was used until `now`; the rest of the reserved pieces is free again."""
        for each in self.held.periods:
            used = min(max(now - each.start, 0.0), each.end - each.start)
            self._hours.settle(each.number, self.held.name, used, usd(self.held.hour))
        if self.held.booked < now:
            self._gap(now)

    def _gap(self, now: float) -> None:
        """Time that nobody reserved: the gateway was down, or the cloud would not end it."""
        seconds = now - self.held.booked
        self._hours.record(self.held.name, seconds, usd(self.held.hour))
        self.keep(booked=now)
        sentence = f"{self.held.name} ran {seconds:.0f} s unreserved: booked at {dollars(self.held.hour)} an hour."
        self._notify("rented_unpaid", sentence)
