"""Where steps run: a job, or a composite action inside one. What expressions see there, and what is shared."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json
from factory.simulator.expressions.evaluator import Status
from factory.simulator.runner import contexts
from factory.simulator.runner.bench import Bench
from factory.simulator.runner.contexts import Place
from factory.simulator.runner.graph import Leg, Source
from factory.simulator.runner.log import Log

MAX_DEPTH = 10  # composite actions in composite actions


class Killed(Exception):
    """The job's machine is gone: nothing more runs, not even `always()`."""


class ActionProblem(FactoryError):
    """An action failed; the message goes into the log and beside the job."""


@dataclass(eq=False)
class JobRun:
    """One job while it runs. Everything here belongs to the job's own thread, the events aside."""

    bench: Bench
    leg: Leg
    place: Place
    log: Log
    token: str
    secrets: dict[str, str]
    github: Json
    env: dict[str, str] = field(default_factory=dict)  # of workflow and job, then what GITHUB_ENV adds
    path: list[str] = field(default_factory=list)  # what GITHUB_PATH adds, latest first
    posts: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)  # process groups to sweep at the end
    kill: threading.Event = field(default_factory=threading.Event)
    failed: bool = False
    files: int = 0

    @property
    def status(self) -> str:
        return "cancelled" if self.leg.cancel.is_set() else "failure" if self.failed else "success"

    def check(self) -> None:
        if self.kill.is_set():
            raise Killed


@dataclass(eq=False)
class Scope:
    job: JobRun
    source: Source  # the repository and commit that `$/` means
    inputs: Json
    defaults: Json = field(default_factory=dict)
    overlay: dict[str, str] = field(default_factory=dict)  # env of the steps around a composite action
    steps: Json = field(default_factory=dict)
    failed: bool = False
    action: Path | None = None  # the composite action's folder
    depth: int = 0

    def status(self) -> Status:
        cancelled = self.job.leg.cancel.is_set()
        return Status(success=not self.failed and not cancelled, failure=self.failed, cancelled=cancelled)

    def contexts(self, env: dict[str, str] | None = None) -> Json:
        """All that an expression of a step may name. A composite action sees no secrets."""
        job, leg = self.job, self.job.leg
        found = {
            "github": {**job.github, "action_path": str(self.action)} if self.action else job.github,
            "env": {**job.env, **self.overlay, **(env or {})},
            "vars": job.bench.variables(leg.node.frame.run.shown.repo),
            "needs": leg.node.needs_context, "matrix": leg.matrix, "strategy": contexts.strategy(leg),
            "inputs": self.inputs, "steps": self.steps, "job": contexts.job_context(leg, job.status),
            "runner": contexts.runner_context(leg, job.place),
        }  # fmt: skip
        return found if self.action else {**found, "secrets": job.secrets}

    def fill(self, value: object, env: dict[str, str] | None = None) -> object:
        return self.job.bench.expressions.fill(value, self.contexts(env), self.status(), self.job.place.workspace)

    def text(self, value: object, env: dict[str, str] | None = None) -> str:
        return as_text(self.fill(value, env))

    def texts(self, values: object, env: dict[str, str] | None = None) -> dict[str, str]:
        found = self.fill(values or {}, env)
        return {str(key): as_text(value) for key, value in found.items()} if isinstance(found, dict) else {}


def as_text(value: object) -> str:
    """A value as GitHub writes it into an environment variable or an input."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
