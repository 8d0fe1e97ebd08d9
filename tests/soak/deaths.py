"""Deaths at requests: the double kills the process that asks, before, inside or after one of its effects.

A dispatch that got through becomes a workflow run, as on GitHub: a second attempt finds it by its name.
"""

import json
import threading
from multiprocessing.context import ForkServerProcess
from typing import Literal, get_args

from factory.simulator.hub import runs
from factory.simulator.hub.faults import FaultPlan
from factory.simulator.hub.routes import Answer, Call, Dropped
from factory.simulator.hub.state import Hub
from tests.soak.processes import kill

Moment = Literal["before", "inside", "after"]
"""Nothing was done; it was done and nobody heard; it was done, the answer is on its way or was just read."""
MOMENTS: tuple[Moment, ...] = get_args(Moment)
SOON = 0.004  # real seconds after an answer


def is_effect(call: Call) -> bool:
    """Does it change anything? Of git's requests only the push itself does."""
    if "git-" in call.path.rpartition("/")[2]:
        return call.path.endswith("git-receive-pack") and call.raw != b"0000"
    return call.method not in ("GET", "HEAD")


class Deaths(FaultPlan):
    """Strikes the `n`-th effect of the processes that are `watch`ed, once. `effects`: all of them, in order."""

    def __init__(self, n: int = 0, moment: Moment = "before") -> None:
        super().__init__(sleep=lambda _: None)
        self.n, self.moment = n, moment
        self.effects: list[tuple[str, str]] = []
        self.struck_at = ""
        self._watched: dict[str, ForkServerProcess | None] = {}
        self._one = threading.Lock()
        self._ready = threading.Condition()

    def expect(self, token: str) -> None:
        """A process with this token is about to start."""
        with self._ready:
            self._watched[token] = None

    def watch(self, token: str, process: ForkServerProcess) -> None:
        with self._ready:
            self._watched[token] = process
            self._ready.notify_all()

    def before(self, call: Call) -> Answer | None:
        if call.token is None or call.token.value not in self._watched or not is_effect(call):
            return super().before(call)
        with self._one:
            self.effects.append((call.method, call.path))
            mine = len(self.effects) == self.n
            if mine:
                self.struck_at = f"{call.method} {call.path}"
                call.headers = {**call.headers, "x-struck": self.moment}
        if mine and self.moment == "before":
            self._kill(call)
        return super().before(call)

    def after(self, call: Call, answer: Answer) -> Answer:
        if call.path.endswith("/dispatches") and answer.status == 204 and self._hub and "/actions/" not in call.path:
            dispatched(self._hub, call)
        struck = call.headers.get("x-struck")
        if struck == "inside":
            self._kill(call)
        elif struck == "after":
            threading.Timer(SOON, kill, (self._of(call),)).start()
        return super().after(call, answer)

    def _kill(self, call: Call) -> None:
        kill(self._of(call))
        raise Dropped

    def _of(self, call: Call) -> ForkServerProcess:
        assert call.token
        with self._ready:
            found = self._ready.wait_for(lambda: call.token and self._watched[call.token.value], 20)
        assert isinstance(found, ForkServerProcess), "an unknown process asks"
        return found


def dispatched(hub: Hub, call: Call) -> None:
    """The run that a dispatch starts, with the name that its workflow gives it."""
    told = json.loads(call.raw)["client_payload"]
    with hub.lock:
        made = runs.start_run(hub, call.repo, ".github/workflows/local-agent-worker.yml", event="repository_dispatch")
        made.title = f"box {told.get('run', '')}"
