"""What goes wrong in a town: jobs that die at a request they make, and small plans that a scripted model repeats."""

import json
import re
import threading
from dataclasses import dataclass
from typing import Any

from factory.simulator.hub import bare
from factory.simulator.hub.faults import FaultPlan
from factory.simulator.hub.routes import Answer, Call, Dropped
from factory.simulator.runner.record import RunRecord
from factory.simulator.runner.runner import Runner
from tests.simulator.factory_town import Town
from tests.simulator.test_whole_swarm import script

TITLE, BODY = "Let every part take times", "go(2) should return 2 in each part."


@dataclass(frozen=True)
class Death:
    """The machine of this job is gone at its first request of this kind; `done`: GitHub has carried it out."""

    job: str  # the job's id in its workflow file
    method: str
    path: str  # a regular expression that is searched
    done: bool = True


class Mishaps(FaultPlan):
    """Faults by rule, and deaths in their order: each strikes once. `died` says which did."""

    def __init__(self, *deaths: Death, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.deaths = list(deaths)
        self.died: list[Death] = []
        self.runner: Runner | None = None
        self._dead: set[str] = set()
        self._one = threading.Lock()

    def before(self, call: Call) -> Answer | None:
        if call.token and call.token.value in self._dead:
            raise Dropped
        self._perhaps(call, done=False)
        return super().before(call)

    def after(self, call: Call, answer: Answer) -> Answer:
        self._perhaps(call, done=True)
        return super().after(call, answer)

    def _perhaps(self, call: Call, done: bool) -> None:
        if call.token is None or self.runner is None:
            return
        with self._one:
            found = next((each for each in self.deaths if _strikes(each, call, done)), None)
            if found is None:
                return
            self.deaths.remove(found)
            self.died.append(found)
            self._dead.add(call.token.value)
        self.runner.strike(call.token.value)
        raise Dropped


def _strikes(death: Death, call: Call, done: bool) -> bool:
    return (
        call.token is not None
        and (death.job, death.method, death.done) == (call.token.job, call.method, done)
        and re.search(death.path, call.path) is not None
    )


def patient(parts: int, broken: int = 0) -> dict[str, Any]:
    """The script of a swarm, every answer as often as it is asked for."""
    found = script(parts, broken)
    return {**found, "replies": [{**reply, "repeat": True} for reply in found["replies"]]}


def ask_for(here: Town, title: str = TITLE, body: str = BODY, label: str = "agent:swarm") -> int:
    number = here.issue(title, body)
    here.label(number, label)
    return number


def insist(here: Town, most: int = 30, seconds: float = 400) -> list[RunRecord]:
    """`Re-run failed jobs` until every run has ended well: what a person does after machines died."""
    runs = here.settle(seconds)
    for _ in range(most):
        failed = [run for run in runs if run.conclusion not in ("success", "skipped")]
        if not failed:
            break
        for run in failed:
            here.runner.rerun(run.id)
        runs = here.settle(seconds)
    return runs


def books(here: Town) -> list[dict[str, Any]]:
    """The rows of the shared books as they lie in the repository."""
    commit = here.branches()["refs/heads/factory-ledger"]
    found = bare.text(here.repo.folder, "ls-tree", "-r", "--name-only", commit).split()
    return [
        json.loads(line)
        for name in found if name.endswith(".jsonl")
        for line in bare.text(here.repo.folder, "show", f"{commit}:{name}").splitlines()
    ]  # fmt: skip
