"""Weather for a soak: random kills at requests, and lost, late, refused and hidden answers, all from one seed."""

import random
import threading
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess

from factory.simulator.hub.faults import Rule
from factory.simulator.hub.routes import Answer, Call
from tests.soak.deaths import MOMENTS, Deaths, Moment, is_effect
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
    """Kills up to `most` of the processes that are watched, each at a request of its own. `pushed` hears of each push
    that got through."""

    def __init__(self, seed: int, most: int) -> None:
        super().__init__(0, "before", *WEATHER, seed=seed, sleep=time.sleep)
        self.most, self.kills = most, 0
        self.pushed: Callable[[], None] = lambda: None
        self._dice = random.Random(seed)
        self._lot = threading.Lock()

    @property
    def enough(self) -> bool:
        return self.kills >= self.most

    def after(self, call: Call, answer: Answer) -> Answer:
        if call.path.endswith("git-receive-pack") and answer.status == 200:
            self.pushed()
        return super().after(call, answer)

    def strikes(self, call: Call) -> Moment | None:
        with self._lot:
            if self.enough or self._dice.random() >= (EFFECT if is_effect(call) else READ):
                return None
            self.kills += 1
            return self._dice.choice(MOMENTS)

    def by_clock(self, process: ForkServerProcess, seconds: float) -> threading.Timer | None:
        """A death that no request brings: in the middle of thinking."""
        with self._lot:
            if self.enough or self._dice.random() >= 0.4:
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
