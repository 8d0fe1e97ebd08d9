"""Weather for a soak: random kills at requests, and lost, late, refused and hidden answers, all from one seed."""

import random
import threading
from multiprocessing.context import ForkServerProcess

from factory.simulator.hub.faults import FaultPlan, Rule
from factory.simulator.hub.routes import Answer, Call, Dropped
from tests.soak.deaths import Deaths, Moment, dispatched, is_effect
from tests.soak.processes import kill

WEATHER = (
    Rule("lost", "POST", times=0, chance=0.02),
    Rule("lost", "PATCH", times=0, chance=0.02),
    Rule("down_after", "POST", times=0, chance=0.02, status=502),
    Rule("down", times=0, chance=0.02, status=503),
    Rule("dropped", times=0, chance=0.01),
    Rule("slow", times=0, chance=0.05, seconds=0.02),
    Rule("unseen", "POST", "/(comments|issues|pulls|reviews)$", times=0, chance=0.3, seconds=8),
)
EFFECT, READ = 0.22, 0.02  # chance of a death at a request


class Chaos(Deaths):
    """Kills up to `most` of the processes that are watched, each at a request of its own."""

    def __init__(self, seed: int, most: int) -> None:
        super().__init__()
        FaultPlan.__init__(self, *WEATHER, seed=seed)
        self.most, self.kills = most, 0
        self._dice = random.Random(seed)
        self._lot = threading.Lock()

    @property
    def over(self) -> bool:
        return self.kills >= self.most

    def before(self, call: Call) -> Answer | None:
        moment = self._moment(call)
        if moment:
            call.headers = {**call.headers, "x-struck": moment}
        if moment == "before":
            self._kill(call)
        return FaultPlan.before(self, call)

    def after(self, call: Call, answer: Answer) -> Answer:
        if call.path.endswith("/dispatches") and answer.status == 204 and self._hub and "/actions/" not in call.path:
            dispatched(self._hub, call)
        struck = call.headers.get("x-struck")
        if struck == "inside":
            self._kill(call)
        if struck == "after":
            threading.Timer(0.004, kill, (self._of(call),)).start()
        return FaultPlan.after(self, call, answer)

    def _moment(self, call: Call) -> Moment | None:
        """Which death this request brings, if any."""
        if call.token is None or call.token.value not in self._watched:
            return None
        with self._lot:
            if self.over or self._dice.random() >= (EFFECT if is_effect(call) else READ):
                return None
            self.kills += 1
            found: Moment = self._dice.choice(("before", "inside", "after"))
            return found

    def _kill(self, call: Call) -> None:
        kill(self._of(call))
        raise Dropped

    def by_clock(self, process: ForkServerProcess, seconds: float) -> threading.Timer | None:
        """A death that no request brings: in the middle of thinking."""
        with self._lot:
            if self.over or self._dice.random() >= 0.4:
                return None

        def strike() -> None:
            if process.is_alive():
                with self._lot:
                    self.kills += 1
                kill(process)

        timer = threading.Timer(self._dice.uniform(0, seconds), strike)
        timer.start()
        return timer

    def lot(self, chance: float) -> bool:
        with self._lot:
            return self._dice.random() < chance

    def well(self) -> None:
        """GitHub is well again, and nobody dies any more."""
        self.most = 0
        self.clear()
