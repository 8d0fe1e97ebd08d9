"""Deaths at requests: the double kills the process that asks, before, inside or after one of its effects.

A dispatch that got through becomes a workflow run, as on GitHub: a second attempt finds it by its name. And a token is
worth nothing once its job is gone: what a dead process still had on the way arrives before its end is known, or never.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from typing import Literal, get_args

from factory.simulator.hub import runs
from factory.simulator.hub.faults import FaultPlan, Rule
from factory.simulator.hub.routes import Answer, Call, Dropped
from factory.simulator.hub.state import Hub
from tests.soak.processes import kill

Moment = Literal["before", "inside", "after"]
"""Nothing was done; it was done and nobody heard; it was done, the answer is on its way or was just read."""
MOMENTS: tuple[Moment, ...] = get_args(Moment)
SOON = 0.004  # real seconds after an answer
PATIENCE = 120.0  # real seconds to wait for a process to be known, or for the last request of a dead one


def is_effect(call: Call) -> bool:
    """Does it change anything? Of git's requests only the push itself does."""
    if "git-" in call.path.rpartition("/")[2]:
        return call.path.endswith("git-receive-pack") and call.raw != b"0000"
    return call.method not in ("GET", "HEAD")


class Deaths(FaultPlan):
    """Strikes the `n`-th effect of the processes that are `watch`ed, once. `effects`: all of them, in order."""

    def __init__(self, n: int = 0, moment: Moment = "before", *rules: Rule, seed: int = 0,
                 sleep: Callable[[float], None] = lambda _: None) -> None:  # fmt: skip
        super().__init__(*rules, seed=seed, sleep=sleep)
        self.n, self.moment = n, moment
        self.effects: list[tuple[str, str]] = []
        self.struck_at = ""
        self.log: list[tuple[str, str]] = []  # (job, what it asked and what came of it), in the order of arrival
        self._watched: dict[str, ForkServerProcess | None] = {}
        self._latest = ""  # token of the process that was started last
        self._gone: set[str] = set()
        self._inside: Counter[str] = Counter()  # requests of each token that are being answered
        self._one = threading.Lock()
        self._ready = threading.Condition()

    def expect(self, token: str) -> None:
        """A process with this token is about to start."""
        with self._ready:
            self._watched[token] = None
            self._latest = token

    def watch(self, token: str, process: ForkServerProcess) -> None:
        with self._ready:
            self._watched[token] = process
            self._ready.notify_all()

    def over(self, token: str) -> None:
        """Its process has ended. Returns when nothing of it is on the way any more; what comes later is not let in."""
        with self._ready:
            self._gone.add(token)
            assert self._ready.wait_for(lambda: not self._inside[token], PATIENCE), "a request has no end"

    def before(self, call: Call) -> Answer | None:
        if call.token is None or call.token.value not in self._watched:
            return super().before(call)
        self._enter(call)
        early: Answer | None = None
        try:
            moment = self.strikes(call)
            if moment:
                call.headers = {**call.headers, "x-struck": moment}
            if moment == "before":
                self._kill(call)
            early = super().before(call)
        except Dropped:
            self._leave(call, "dropped")
            raise
        if early:
            self._leave(call, str(early.status))
        return early

    def after(self, call: Call, answer: Answer) -> Answer:
        if call.path.endswith("/dispatches") and answer.status == 204 and self._hub and "/actions/" not in call.path:
            dispatched(self._hub, call)
        if call.token is None or call.token.value not in self._watched:
            return super().after(call, answer)
        said = f"{answer.status}, not heard"
        try:
            struck = call.headers.get("x-struck")
            if struck == "inside":
                self._kill(call)
            if struck == "after":
                threading.Timer(SOON, kill, (self._of(call.token.value),)).start()
            answer = super().after(call, answer)
            said = str(answer.status)
        finally:
            self._leave(call, said)
        return answer

    def strikes(self, call: Call) -> Moment | None:
        """Which death this request brings, if any."""
        if not is_effect(call):
            return None
        return self.moment if self.effect(call.method, call.path) else None

    def effect(self, method: str, path: str) -> bool:
        """One more; is it the one?"""
        with self._one:
            self.effects.append((method, path))
            if len(self.effects) != self.n:
                return False
            self.struck_at = f"{method} {path}"
        return True

    def elsewhere(self, method: str, path: str) -> Moment | None:
        """An effect that is none of GitHub's, of the process that was started last: dies here, if it is the one."""
        if not self.effect(method, path):
            return None
        if self.moment == "after":
            threading.Timer(SOON, kill, (self._of(self._latest),)).start()
        return self.moment

    def kill_latest(self) -> None:
        kill(self._of(self._latest))

    def _enter(self, call: Call) -> None:
        assert call.token
        with self._ready:
            if call.token.value in self._gone:
                self.log.append((call.token.job, f"{call.method} {call.path}: from the dead, not let in"))
                raise Dropped
            self._inside[call.token.value] += 1

    def _leave(self, call: Call, said: str) -> None:
        assert call.token
        struck = call.headers.get("x-struck", "")
        with self._ready:
            self._inside[call.token.value] -= 1
            self.log.append((call.token.job, f"{call.method} {call.path}: {said}{f', KILLED {struck}' * bool(struck)}"))
            self._ready.notify_all()

    def _kill(self, call: Call) -> None:
        assert call.token
        kill(self._of(call.token.value))
        raise Dropped

    def _of(self, token: str) -> ForkServerProcess:
        with self._ready:
            found = self._ready.wait_for(lambda: self._watched[token], PATIENCE)
        assert isinstance(found, ForkServerProcess), "an unknown process asks"
        return found


def dispatched(hub: Hub, call: Call) -> None:
    """The run that a dispatch starts, with the name that its workflow gives it."""
    told = json.loads(call.raw)["client_payload"]
    with hub.lock:
        made = runs.start_run(hub, call.repo, ".github/workflows/local-agent-worker.yml", event="repository_dispatch")
        made.title = f"box {told.get('run', '')}"
