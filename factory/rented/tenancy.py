"""One table of [rented] from order to end: off → launching → up → destroying → off, one turn at a time.

Every turn first pays: hours that passed are settled, the next ones reserved before the paid ones run out, and when the
ledger refuses them the machine is destroyed while it is still paid for. What is about to happen is on disk before it
happens. Whatever is not known (an order without an answer) is taken to have happened until the cloud says otherwise.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from factory.contracts.errors import Stopped, UsageProblem
from factory.contracts.rented import RentedSettings
from factory.ledger.spend import dollars, micro
from factory.rented.account import MARGIN_S, Account, Notify
from factory.rented.held import Held, load
from factory.rented.money import Hours
from factory.rented.seam import Machine, NoOffer, RentalProblem, Renter, Standing

LOOK_S = {"launching": 10.0, "up": 30.0, "destroying": 5.0, "off": 30.0}  # between two turns
IDLE_S = 3600.0  # the same, when nothing is rented and nobody asks
AGAIN_S = 300.0  # after a refusal it is not tried again before
APPEARS_S = 120.0  # an order shows up in the cloud's list within
LATE_S = 600.0  # the same for one whose answer is missing: until then it may still become a machine
BROKEN_S = 120.0  # a machine that was up may fail to answer for so long
HOUR_S = 3600.0
USUAL_START_S = 420.0  # until one was measured
WISH_S = 60.0  # whoever asked and got no machine is not waited for any longer
STUCK = 3  # failed tries to destroy before somebody is told


class Tenancy:
    """Turns are taken by one thread; `held`, `url`, `used_at` and `running` may be read and set by others.

    `wall` gives seconds of the epoch (they must outlive a restart).
    """

    def __init__(
        self, held: Held, rented: RentedSettings, cloud: Renter, hours: Hours, wall: Callable[[], float],
        notify: Notify, folder: Path,
    ) -> None:  # fmt: skip
        self.rented = rented
        self.wall = wall
        self.url = ""  # the seat, while it is up
        self.used_at = wall()
        self.running = 0  # requests there now
        self._wished = 0.0  # when somebody last asked for it; 0 = nobody waits
        self._account = Account(held, rented, hours, wall, notify, folder)
        self._cloud = cloud
        self._notify = notify
        self._broken = 0.0  # since when it does not answer
        self._failed = 0  # tries to destroy
        self._told = ""  # the last refusal that was told
        self._dearest = micro(rented.hour_usd)

    @property
    def held(self) -> Held:
        return self._account.held

    def is_off(self) -> bool:
        return self.held.phase == "off"

    def wish(self) -> None:
        """Somebody waits for it."""
        self._wished = self.wall()

    @classmethod
    def read(
        cls, name: str, gateway: str, rented: RentedSettings, cloud: Renter, hours: Hours,
        wall: Callable[[], float], notify: Notify, folder: Path,
    ) -> "Tenancy":  # fmt: skip
        """As it lies on disk. Raises UsageProblem for a bad name or a damaged file."""
        return cls(load(folder, name, gateway), rented, cloud, hours, wall, notify, folder)

    def turn(self) -> float:
        """Do what is due; returns the seconds until the next turn. Raises what the disk and the ledger raise."""
        now = self.wall()
        refusal = "" if self.held.phase == "off" else self._account.pay(now)
        if refusal:
            self.end(f"It was ended because its next minutes are not paid for: {refusal}")
        if self.held.phase == "off":
            self._begin(now)
        elif self.held.phase != "destroying":
            self._look(now)
        if self.held.phase == "destroying":
            self._destroy()
        return LOOK_S[self.held.phase] if self.held.phase != "off" or self._wanted() else IDLE_S

    def find(self) -> None:
        """At the start: a machine of ours that the disk does not know is ended, and what it cost is booked."""
        if self.held.phase != "off":
            return
        for machine in self._cloud.labelled():
            if machine.label == self.held.label:
                since = machine.since or self.wall()
                self._account.keep(
                    phase="destroying", machine=machine.id, since=since, booked=max(since, self.held.booked),
                    hour=self._dearest, priced=False,
                    why="It was found running, and nobody had asked for it.",
                )  # fmt: skip

    def panic(self) -> None:
        """The disk or the ledger refuses: what is not paid for is ended without them. The reaper sees to the rest."""
        if self.held.phase != "off" and self.wall() >= self.held.booked - MARGIN_S:
            self.url = ""
            self._cloud.destroy(self._machine())

    def end(self, why: str) -> None:
        """Destroy it in the next turns."""
        if self.held.phase in ("launching", "up"):
            self.url = ""
            self._failed = 0
            self._account.keep(phase="destroying", why=why)

    def idle_s(self) -> float:
        return 0.0 if self.running else max(0.0, self.wall() - self.used_at)

    def eta_s(self) -> float:
        """Seconds until it is expected to be up."""
        took = self.held.took or USUAL_START_S
        ordered = self.held.asked if self.held.phase == "launching" else self.wall()
        return max(5.0, took - (self.wall() - ordered))

    def barred(self) -> str:
        """Why it may not be ordered now, or ''."""
        now = self.wall()
        if now < self.held.until:
            return self.held.why
        recent = [start for start in self.held.starts if now - start < HOUR_S]
        if len(recent) >= self.rented.starts_hour:
            return f"{self.held.name} was ordered {len(recent)} times within the hour (starts_hour): {self.held.why}"
        return ""

    def _wanted(self) -> bool:
        return self.rented.mode == "always_on" or self.wall() - self._wished < WISH_S

    def _begin(self, now: float) -> None:
        if not self._wanted() or self.barred():
            return
        try:
            quote = self._cloud.quote(self.rented)
            if quote.hour_usd > self.rented.hour_usd:
                return self._refuse(_too_dear(self.rented, quote.hour_usd))
            self.find()
        except (RentalProblem, UsageProblem) as problem:
            return self._refuse(str(problem))
        if self.held.phase != "off":
            return None
        starts = tuple(start for start in self.held.starts if now - start < HOUR_S)
        self._account.keep(
            phase="launching", machine="", since=now, asked=now, booked=now, hour=self._dearest, priced=False,
            periods=(), starts=(*starts, now), allowance=self.rented.max_hours * HOUR_S, why="",
        )  # fmt: skip
        try:
            self._account.reserve(now)
        except Stopped as refusal:
            self._account.keep(phase="off", since=0.0, booked=0.0, hour=0, starts=starts)
            return self._refuse(str(refusal))
        self._order()

    def _order(self) -> None:
        try:
            machine = self._cloud.launch(self.rented, self.held.label)
        except (NoOffer, UsageProblem) as problem:
            self._account.settle(self.held.since)  # nothing was rented: nothing was used
            self._off(str(problem))
            return self._refuse(str(problem))
        except RentalProblem as problem:
            return self._account.keep(why=f"The order's answer is missing: {problem}")  # looked for by its label
        self._account.keep(machine=machine.id)

    def _look(self, now: float) -> None:
        self._account.keep()
        try:
            standing = self._cloud.status(self._machine())
        except RentalProblem as problem:
            self._account.keep(why=str(problem))
            standing = Standing(state="up" if self.url else "starting")  # nothing else is known
        if standing.hour_usd is not None:
            self._account.priced(micro(standing.hour_usd))
        reason = self._unfit(standing, now)
        if reason:
            return self.end(reason)
        if standing.state == "up" and not self.url:
            self._seat(now)
        self._broken = 0.0 if standing.state == "up" else self._broken or now

    def _unfit(self, standing: Standing, now: float) -> str:
        """Why the machine must go, or ''."""
        held, rented = self.held, self.rented
        if standing.hour_usd is not None and standing.hour_usd > rented.hour_usd:
            self._refuse(_too_dear(rented, standing.hour_usd))
            return self.held.why
        if standing.state == "stopped" or (standing.state == "gone" and not self._may_appear(now)):
            return self._lost(f"It was lost: {standing.why}")
        if held.phase == "launching" and now - held.asked >= rented.start_minutes * 60:
            return f"It did not come up within {rented.start_minutes:g} minutes. {held.why}".strip()
        if held.phase == "up" and standing.state == "starting" and self._broken and now - self._broken >= BROKEN_S:
            return self._lost(f"It has not answered for {now - self._broken:.0f} s. {held.why}".strip())
        if held.phase == "up" and rented.mode == "on_demand" and self.idle_s() >= rented.idle_minutes * 60:
            return f"Nobody asked it for {rented.idle_minutes:g} minutes."
        return f"It is {rented.max_hours:g} hours old." if now - held.since >= rented.max_hours * HOUR_S else ""

    def _may_appear(self, now: float) -> bool:
        """Is it too early to believe that there is no machine?"""
        if self.held.machine:
            return self.held.phase == "launching" and now - self.held.asked < APPEARS_S
        return now - self.held.asked < LATE_S

    def _lost(self, why: str) -> str:
        """It is ordered anew when it was in use."""
        if self.idle_s() < self.rented.idle_minutes * 60:
            self._wished = self.wall() + WISH_S  # it must be destroyed first
        self._notify("rented_lost", f"{self.held.name}: {why}")
        return why

    def _seat(self, now: float) -> None:
        try:
            url = self._cloud.endpoint(self._machine())
        except RentalProblem as problem:
            return self._account.keep(why=str(problem))
        started, took = self.held.phase == "launching", now - self.held.asked
        if started:
            self._wished, self.used_at = 0.0, now
            self._account.keep(phase="up", took=took, why="")
        self.url = url
        if started:
            self._notify("rented_up", f"{self.held.name} is up after {took:.0f} s.")
        return None

    def _destroy(self) -> None:
        self._account.keep()
        try:
            self._cloud.destroy(self._machine())
            gone = self._cloud.status(self._machine()).state == "gone" and not self._may_appear(self.wall())
        except RentalProblem as problem:
            gone = False
            self._failed += 1
            if self._failed == STUCK:
                sentence = f"{self.held.label} cannot be destroyed and goes on costing money: {problem}"
                self._notify("rented_stuck", sentence)
        if gone:
            why, cost = self.held.why, self.held.hour
            self._account.settle(self.wall())
            self._off(why)
            self._notify("rented_destroyed", f"{self.held.name} ({dollars(cost)} an hour) is destroyed. {why}")

    def _machine(self) -> Machine:
        return Machine(label=self.held.label, id=self.held.machine, since=self.held.since)

    def _off(self, why: str) -> None:
        self.url = ""
        self._broken, self._failed = 0.0, 0
        self._account.keep(phase="off", machine="", since=0.0, asked=0.0, hour=0, periods=(), booked=0.0, why=why)

    def _refuse(self, why: str) -> None:
        """Not now: the wish is dropped, and whoever asks again hears why."""
        self._wished = 0.0
        told, now = self._told == why, self.wall()
        self._told = why
        self._account.keep(why=why, until=now + AGAIN_S)
        if not told:
            self._notify("rented_refused", f"{self.held.name} is not rented: {why}")


def _too_dear(rented: RentedSettings, hour_usd: Decimal) -> str:
    return f"It costs ${hour_usd:.2f} an hour, and hour_usd allows ${rented.hour_usd:.2f}."
