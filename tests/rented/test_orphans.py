"""Whatever happens, in whatever order: one machine at most, no dollar over the day's, nothing left running."""

import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from factory.contracts.rented import RentedSettings
from factory.rented.fake import FakeCloud, fates
from factory.rented.reaper import STALE_S, reap
from factory.rented.seam import Machine, Quote, Standing
from tests.rented.conftest import MEMORY
from tests.rented.virtual import NAME, RENTED, Day

CAP = Decimal(1)
MICRO = 10**6
Answer = TypeVar("Answer")


class Killed(BaseException):
    """The process ends here."""


class Perilous(FakeCloud):
    """Its caller is killed at the so-manieth call from now, before it is made or before it is answered."""

    left = -1
    after = False

    def quote(self, rented: RentedSettings) -> Quote:
        self._die(False)
        return self._answer(super().quote(rented))

    def launch(self, rented: RentedSettings, label: str) -> Machine:
        self._die(False)
        return self._answer(super().launch(rented, label))

    def status(self, machine: Machine) -> Standing:
        self._die(False)
        return self._answer(super().status(machine))

    def destroy(self, machine: Machine) -> None:
        self._die(False)
        super().destroy(machine)
        self._die(True)

    def labelled(self) -> Sequence[Machine]:
        self._die(False)
        return self._answer(super().labelled())

    def _answer(self, value: Answer) -> Answer:
        self._die(True)
        return value

    def _die(self, after: bool) -> None:
        if after or not self.after:
            self.left -= 1
        if self.left == 0 and after == self.after:
            raise Killed


class Life(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 10**6), always=st.booleans(), cap=st.sampled_from([Decimal("0.2"), CAP]))
    def begin(self, seed: int, always: bool, cap: Decimal) -> None:
        self.place = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        rented = RENTED.but(day_usd=cap, mode="always_on" if always else "on_demand", start_minutes=10)
        self.cloud = Perilous(lambda: 0.0, fates(seed, 40))
        self.day = Day(Path(self.place.name) / "rented", rented, cloud=self.cloud)
        self.up = True

    @rule(seconds=st.integers(1, 3000), asking=st.booleans())
    def go_on(self, seconds: int, asking: bool) -> None:
        if not self.up:
            self.day.clock.sleep(seconds)
            return
        try:
            self.day.run(seconds, asking)
        except Killed:
            self.kill()

    @rule(calls=st.integers(1, 6), after=st.booleans())
    def die_soon(self, calls: int, after: bool) -> None:
        self.cloud.left, self.cloud.after = calls, after

    @rule()
    def kill(self) -> None:
        if self.up:
            self.day.kill()
        self.up = False

    @rule()
    def restart(self) -> None:
        if self.up:
            self.day.kill()
        self.cloud.left = -1
        self.day.open()
        self.up = True

    @rule()
    def look_for_orphans(self) -> None:
        """A gateway that lives keeps its machine; what a dead one left is ended."""
        if self.up:
            self.cloud.left = -1
            self.day.run(1)
            before = self.day.cloud.alive()
            phase = self.day.phase
            reap([self.day.cloud], self.day.folder, self.day.tenancy.wall(), yes=True)
            if phase != "off":
                assert self.day.cloud.alive() == before
            return
        self.cloud.left = -1
        self.day.clock.sleep(STALE_S + 1)
        for _ in range(4):  # some refuse to go at first
            reap([self.day.cloud], self.day.folder, self.day.tenancy.wall(), yes=True)
            self.day.clock.sleep(60)  # a machine lingers
        assert not self.day.cloud.alive()

    @invariant()
    def one_machine_at_most(self) -> None:
        if hasattr(self, "day"):
            assert len(self.day.cloud.alive()) <= 1

    @invariant()
    def never_a_cent_over_the_day(self) -> None:
        """What was booked unasked ran while no gateway lived, or would not be ended."""
        if hasattr(self, "day"):
            limit = int(self.day.rented.day_usd * MICRO)
            assert self.day.purse.spent(NAME) - self.day.purse.unasked <= limit

    def teardown(self) -> None:
        """In the end the machine goes, and the ledger holds what the cloud bills, or more.

        Nobody can know the price of a machine that was dearer than allowed and was ended by the reaper: `most`.
        """
        if not hasattr(self, "day"):
            return
        self.restart()
        self.day.tenancy.rented = self.day.rented.but(mode="on_demand")
        self.day.tenancy.end("the test is over")
        self.day.run(7200)
        assert not self.day.cloud.alive()
        assert self.day.purse.total() >= self.day.cloud.bill(most=RENTED.hour_usd) * MICRO
        self.day.kill()
        self.place.cleanup()


Life.TestCase.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestLife = Life.TestCase
