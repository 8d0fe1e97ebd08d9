"""The workflow runner: takes events from the double, makes runs of them, and drives every run to its end.

One thread, the caller's in `drain`, decides everything; each job runs in a thread of its own and only fills its `Work`.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from factory.contracts.errors import FactoryError
from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.action_views import run_view
from factory.simulator.hub.nouns import Event
from factory.simulator.hub.state import Hub
from factory.simulator.runner import again, driving
from factory.simulator.runner.bench import Bench, Kill
from factory.simulator.runner.concurrency import Groups
from factory.simulator.runner.graph import Leg, RunState
from factory.simulator.runner.job import run_job
from factory.simulator.runner.machines import Machines
from factory.simulator.runner.options import Options
from factory.simulator.runner.record import RunRecord, record_of
from factory.simulator.runner.sources import Sources
from factory.simulator.runner.starting import begin, listens, triggers

LOOK = 0.5  # seconds between looks when nothing is announced
QUEUE_LASTS = 86_400.0  # seconds that a job may wait for a self-hosted runner


class Runner:
    """Events in, runs out. `hub` must be served (`serve_hub`) before jobs that use its API run.

    `tell` hears one line when a job begins and one when it ends.
    """

    def __init__(self, hub: Hub, expressions: Expressions, folder: Path, options: Options | None = None,
                 tell: Callable[[str], None] = lambda line: None) -> None:  # fmt: skip
        options = options or Options()
        self.bench = Bench(hub, expressions, Sources(expressions), options, folder)
        self.hub = hub
        self.runs: dict[int, RunState] = {}
        self.groups = Groups()
        self.machines = Machines(hub, options)
        self.tell = tell
        self._seen = 0  # events taken
        self._ended: deque[Leg] = deque()
        self._threads: dict[Leg, threading.Thread] = {}

    # what tests and the command ask for

    def drain(self, seconds: float = 600) -> None:
        """Until nothing runs and nothing can start; what waits for an absent machine or an approval stays.

        Raises FactoryError after `seconds`.
        """
        end = time.monotonic() + seconds
        while True:
            moved = self.turn()
            if not moved and not self._threads:
                return
            if time.monotonic() > end:
                raise FactoryError(f"The simulation did not come to rest within {seconds:g} s: {self._busy()}.")
            with self.hub.changed:
                if not moved and not self._ended and self._seen == len(self.hub.events):
                    self.hub.changed.wait(LOOK)

    def turn(self) -> bool:
        """One round of decisions, without waiting. True when anything changed."""
        moved = self._take_events()
        moved = self._take_ended() or moved
        for run in list(self.runs.values()):
            moved = self._requests(run) or moved
            moved = driving.drive(self, run) or moved
        return self._assign() or moved

    def tick(self, cron: str, repo: str) -> Event:
        """The clock reached a `schedule`."""
        where = self.hub.repo(repo)
        return self.hub.emit(None, where, "schedule", {"schedule": cron}, f"refs/heads/{where.default_branch}")

    def kill_after(self, job: str, lines: int = 0, seconds: float = 0) -> None:
        """Kill the next job of this id or display name in the middle, as when its machine is gone."""
        self.bench.kills.append(Kill(job, lines, seconds))

    def strike(self, token: str) -> None:
        """Kill the job that holds this token now: for a fault that knows at which request."""
        found = self.bench.running.get(token)
        if found:
            found.set()

    def rerun(self, run: int, failed_only: bool = True) -> None:
        """One more attempt of a finished run, as the button does; then `drain`."""
        shown = self.hub.runs[run]
        with self.hub.lock:
            shown.attempt, shown.status, shown.conclusion = shown.attempt + 1, "queued", ""
            shown.cancel, shown.rerun = False, "failed" if failed_only else "all"

    def cancel(self, run: int) -> None:
        with self.hub.changed:
            self.hub.runs[run].cancel = True
            self.hub.changed.notify_all()

    def records(self) -> list[RunRecord]:
        """Every run so far, oldest first."""
        return [record_of(run) for run in self.runs.values()]

    def record(self, run: int) -> RunRecord:
        return record_of(self.runs[run])

    def stop(self) -> None:
        """Kill what still runs."""
        for leg in list(self._threads):
            leg.cancel.set()
        for thread in list(self._threads.values()):
            thread.join(timeout=sum(self.bench.options.patience) + 5)

    # a turn

    def _take_events(self) -> bool:
        with self.hub.lock:
            new = self.hub.events[self._seen :]
            self._seen += len(new)
        for event in new:
            if event.starts == "no":
                continue
            for trigger in triggers(self.bench, event):
                self._enter(begin(self.bench, event, trigger))
        return bool(new)

    def _enter(self, run: RunState) -> None:
        self.runs[run.shown.id] = run
        run.started = time.monotonic()
        if run.problem:
            run.shown.status, run.shown.conclusion, run.shown.updated = "completed", "startup_failure", self.hub.now()
        elif not run.done:
            driving.queue_up(self, run)
            self.announce(run, "requested")

    def _requests(self, run: RunState) -> bool:
        """What people asked for over the API: approve, cancel, run again."""
        shown = run.shown
        if shown.approved and shown.status == "queued" and run.top and not run.started_once:
            driving.queue_up(self, run)
            return True
        if shown.rerun:
            again.restart(self, run)
            return True
        if shown.cancel and not run.cancelled and not run.done:
            driving.cancel_run(self, run)
            return True
        return False

    def _take_ended(self) -> bool:
        moved = False
        while self._ended:
            leg = self._ended.popleft()
            self._threads.pop(leg).join()
            self.machines.free(leg)
            driving.finish(self, leg, leg.work.result or "failure")
            moved = True
        return moved

    def _assign(self) -> bool:
        """Queued jobs to free machines, the longest waiting first."""
        moved = False
        waiting = [leg for run in self.runs.values() if run.top for leg in run.top.jobs() if leg.state == "queued"]
        for leg in sorted(waiting, key=lambda each: (each.queued, each.shown.id if each.shown else 0)):
            if self.hub.epoch() - leg.queued > QUEUE_LASTS:
                driving.finish(self, leg, "cancelled")
                moved = True
            elif self.machines.take(leg):
                driving.begin_job(self, leg)
                thread = threading.Thread(target=self._run, args=(leg,), name=leg.name, daemon=True)
                self._threads[leg] = thread
                thread.start()
                moved = True
        return moved

    def _run(self, leg: Leg) -> None:
        try:
            run_job(self.bench, leg)
        finally:
            with self.hub.changed:
                self._ended.append(leg)
                self.hub.changed.notify_all()

    def announce(self, run: RunState, action: str) -> None:
        """The webhook workflow_run, when a workflow listens to it."""
        repo = self.hub.repo(run.shown.repo)
        if run.event_name != "workflow_run" and listens(self.bench, repo, "workflow_run"):
            view = run_view(self.hub, repo, run.shown)
            self.hub.emit(None, repo, "workflow_run", {"action": action, "workflow_run": view}, actor=run.event.actor)

    def _busy(self) -> str:
        return ", ".join(sorted(leg.name for leg in self._threads)) or "nothing runs, but runs still change"
