"""The engines of this box behind one door: ask for a model, get a seat at it, give it back.

One thread looks at the cards and steps the scheduler; work on engines is done by the crew's threads. Everything public
may be called from any thread; nothing public but `profile` and `close` blocks.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from factory.contracts.engines import CardSettings
from factory.contracts.errors import FactoryError, Stopped, UsageProblem
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.gpu import catalog, report
from factory.gpu.actions import Action, Grant, Refuse, Serve, Tell, Work
from factory.gpu.borrow import Borrowers
from factory.gpu.crew import Crew, Make, Seat, process
from factory.gpu.device import CardState, Device
from factory.gpu.engines.health import Health
from factory.gpu.engines.leftovers import reap
from factory.gpu.lease import PREFIX as LEASE
from factory.gpu.lease import Lease
from factory.gpu.placement import judged
from factory.gpu.profiles import Lineup, lineup
from factory.gpu.scheduler import Scheduler
from factory.gpu.seats import Seats
from factory.gpu.sight import sights
from factory.gpu.status import FleetStatus, Happened, Step, Switch
from factory.gpu.swaps import Rules
from factory.settings import Settings

IDLE_S = 2.0  # between two looks at the cards when nothing happens
DRAIN_S = 600.0  # a change of profiles waits so long for requests that run
LAST = 50  # events that are kept for the status page
CLOSING = "The server is closing: send the request again later."


class Fleet:
    def __init__(
        self, settings: Settings, device: Device, folder: Path, clock: Clock, notify: Callable[[str, Json], None],
        make: Make = process, rules: Rules | None = None,
    ) -> None:  # fmt: skip
        """`folder`: the state folder. `notify(event, facts)` is called from the fleet's own threads.

        `rules`: what no profile says.
        """
        self._settings, self._device, self._clock, self._notify = settings, device, clock, notify
        self._offers, self._names = catalog.offers(settings.models), catalog.names(settings.models)
        self._rules, self._borrowers = rules or Rules(), Borrowers(folder)
        self._crew = Crew(self._offers, folder, clock, make, self._done, self._told)
        self._lock = threading.RLock()  # an answer's callback may call back
        self._changed = threading.Condition(self._lock)
        self._switching = threading.Lock()
        self._seats = Seats()
        self._finished: list[tuple[Work, float, str]] = []
        self._steps: list[Step] = []
        self._last: deque[Happened] = deque(maxlen=LAST)
        self._hurry = self._closing = False
        self._lineup: Lineup | None = None
        self._thread: threading.Thread | None = None
        self._cards: tuple[CardState, ...] = ()
        self._scheduler = Scheduler((), (), Rules())

    def start(self, profile: str) -> None:
        """Takes the cards and begins to bring the profile up. Raises UsageProblem when it cannot fit."""
        self._crew.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        reap(self._crew.folder)
        said = self._settings.cards
        cards = tuple(judged(card, said.get(str(card.index), CardSettings())) for card in self._device.cards())
        self._scheduler = Scheduler([offer.model for offer in self._offers.values()], cards, Rules())
        self._look()
        self._adopt(self._resolved(profile))
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends every engine; whoever waits is told. Leaves no process behind."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()
        self._crew.close()
        with self._lock:
            self._seats.close(Stopped("interrupted", CLOSING))
            self._borrowers.close(Stopped("interrupted", CLOSING))

    def acquire(self, model: str, request: str, effort: int) -> "Future[Seat]":
        """A seat at the model as soon as it is up; raises Stopped('model_unusable') through the future if it gets none.

        Every acquired request is released, also when its client went away while it waited. UsageProblem: no such model.
        """
        if model not in self._names:
            raise UsageProblem(f"There is no model {model[:100]!r} on this box.")
        with self._changed:
            if self._closing:
                raise Stopped("interrupted", CLOSING)
            answer = self._seats.ask(request, model)
            self._scheduler.ask(request, self._names[model].offer, effort, self._clock.monotonic())
            said = self._scheduler.take()
            if not said:
                self._wake()
        self._say(said)
        return answer

    def release(self, request: str) -> None:
        """Gives the seat back. Doing it twice, or while it waits, is right too."""
        with self._changed:
            self._seats.drop(request)
            self._scheduler.leave(request, self._clock.monotonic())
            if self._scheduler.wants_room:
                self._wake()

    def broken(self, model: str) -> None:
        """A connection to it failed. Its engine is asked how it is; a dead one is started again when it is wanted."""
        if model in self._names:
            self._crew.look_after(self._names[model].offer, self._examined)

    def lease(self, wanted: Lease) -> "Future[Lease]":
        """Memory for another program, granted as soon as there is room; `wanted.cards` () = any card."""
        with self._changed:
            answer = self._borrowers.ask(wanted, self._scheduler, self._clock.monotonic())
            self._wake()
        return answer

    def give_back(self, lease: str) -> None:
        """Ends a lease, or the wait for one. Doing it twice is right too."""
        with self._changed:
            self._borrowers.end(lease, self._scheduler, self._clock.monotonic())
            self._wake()

    def profile(self, name: str) -> Switch:
        """Switches and waits for it. What has no place in the new profile drains first; rolled back if it fails.

        Raises UsageProblem, with nothing changed, when the new one cannot fit.
        """
        with self._switching:
            begun, before = self._clock.monotonic(), self._lineup
            if before is None:
                raise UsageProblem("The fleet is not started.")
            self._adopt(self._resolved(name))
            why = self._settled()
            steps = tuple(self._steps)
            if why:
                self._adopt(before)
                again = self._settled()
                steps += tuple(self._steps)
                why += f"; and the profile {before.name} does not come back: {again}" if again else ""
            seconds = round(self._clock.monotonic() - begun, 3)
            return Switch(profile=name, before=before.name, done=not why, seconds=seconds, steps=steps, why=why)

    def status(self) -> FleetStatus:
        memory = self._crew.memory()
        with self._lock:
            return report.status(
                self._scheduler, self._cards, self._crew, memory, self._borrowers.held, self._clock.monotonic(),
                device=self._device.kind, profile=self._lineup.name if self._lineup else "", last=tuple(self._last),
            )  # fmt: skip

    def _resolved(self, name: str) -> Lineup:
        """The profile on the cards as they are; what runs stays where it is if that can be.

        At the start other programs do not count: they may be gone soon, and the server is to come up all the same.
        """
        with self._lock:
            room, tenants = self._scheduler.room, list(self._scheduler.tenants.values())
            foreign = {card.index: room.foreign(card.index, tenants) for card in room.cards} if self._thread else {}
            standing = {each.name: each.cards for each in tenants if each.state in ("ready", "loading", "waking")}
            return lineup(self._settings, name, self._offers, room.cards, foreign, standing, self._rules)

    def _adopt(self, chosen: Lineup) -> None:
        with self._changed:
            self._lineup = chosen
            self._steps = []
            now = self._clock.monotonic()
            self._scheduler.adopt(chosen.pinned, chosen.allowed, chosen.rules, chosen.kept, now)
            self._wake()

    def _settled(self) -> str:
        """Waits until the profile is as it should be: '', or why it will not be."""
        with self._changed:
            starts = sum(self._offers[name].settings.start_s for name in self._scheduler.pinned)
            late = self._clock.monotonic() + DRAIN_S + 2 * starts
            while not self._closing:
                if why := self._scheduler.hindrance:
                    return why
                if self._scheduler.settled:
                    return ""
                if self._clock.monotonic() > late:
                    return f"not done after {DRAIN_S + 2 * starts:.0f} s: requests still run, or engines still start"
                self._changed.wait(IDLE_S)
        return "the server is closing"

    # The fleet's own thread

    def _run(self) -> None:
        try:
            self._loop()
        except Exception as error:  # noqa: BLE001  the thread's edge: whoever waits must not wait for ever
            with self._changed:
                self._closing = True
                self._seats.close(Stopped("internal_error", "The engines' scheduler failed: restart the server."))
            self._notify("fleet_failed", {"why": f"{type(error).__name__}: {error}"})

    def _loop(self) -> None:
        while self._pause():
            try:
                self._look()
            except FactoryError as problem:  # nothing is planned on what cannot be seen
                self._say([Tell("cards_unreadable", {"why": str(problem)})])
                continue
            with self._changed:
                said = self._scheduler.step(self._clock.monotonic())
            self._say(said)
            with self._changed:
                self._changed.notify_all()  # whoever waits for a profile

    def _pause(self) -> bool:
        """Until there is something to do; False when it is to end. Then what has ended meanwhile is heard."""
        with self._changed:
            now = self._clock.monotonic()
            wake = self._scheduler.wake_at(now)
            if not self._hurry and not self._closing:
                self._changed.wait(IDLE_S if wake is None else min(IDLE_S, max(0.0, wake - now)))
            self._hurry, now = False, self._clock.monotonic()
            for work, seconds, problem in self._finished:
                what = type(work).__name__.lower()
                self._steps.append(Step(what=what, model=work.model, seconds=round(seconds, 3), problem=problem))
                self._scheduler.done(work, seconds, now, problem)
            self._finished = []
            for name, why in self._crew.died().items():
                self._scheduler.broken(name, why, now)
            return not self._closing

    def _look(self) -> None:
        """The cards and the leases as they are now. Raises Stopped when the driver does not answer."""
        cards, leases, host = self._device.cards(), self._borrowers.read(), self._device.host_free()
        seen = tuple(sights(cards, self._crew.sessions(), leases))
        with self._lock:
            self._cards = cards
            self._borrowers.put(leases, self._scheduler, self._clock.monotonic())
            self._scheduler.look(seen, host)

    def _wake(self) -> None:
        self._hurry = True
        self._changed.notify_all()

    def _done(self, work: Work, seconds: float, problem: str) -> None:
        with self._changed:
            self._finished.append((work, seconds, problem))
            self._wake()

    def _examined(self, model: str, health: Health) -> None:
        if health.state == "dead":
            with self._changed:
                self._scheduler.broken(model, health.said, self._clock.monotonic())
                self._wake()

    def _say(self, said: list[Action]) -> None:
        """Passes on what the scheduler says. Not under the lock: what hears it may call back."""
        for action in said:
            match action:
                case Serve(request=request):
                    self._seat(request)
                case Refuse(request=request, why=why):
                    self._refuse(request, Stopped("model_unusable", f"{why}."))
                case Grant(lease=lease, cards=cards):
                    with self._lock:
                        self._borrowers.grant(lease, cards, self._scheduler, self._clock.monotonic())
                case Tell(event=event, facts=facts):
                    self._told(event, facts)
                case _:
                    self._crew.do(action, self._cards)

    def _told(self, event: str, facts: Json) -> None:
        self._last.append(Happened(at=self._clock.now(), event=event, facts=facts))
        self._notify(event, facts)

    def _seat(self, request: str) -> None:
        with self._lock:
            model = self._seats.model(request)
            if not model:
                return
            name = self._names[model]
            seat = self._crew.seat(name.offer, name.size)
            if seat is None:
                self._refuse(request, Stopped("model_unusable", f"{model} has just ended: ask again."))
            elif not self._seats.give(request, seat):
                self.release(request)

    def _refuse(self, request: str, problem: Stopped) -> None:
        with self._lock:
            if request.startswith(LEASE):
                return self._borrowers.refuse(request, problem)
            self._scheduler.leave(request, self._clock.monotonic())
            self._seats.refuse(request, problem)
