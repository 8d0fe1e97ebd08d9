"""The loop over steps: condition, environment, doing, outputs, and what a failure means for the next ones."""

import time

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json
from factory.simulator.runner import actions, shell
from factory.simulator.runner.graph import StepDone
from factory.simulator.runner.scope import Scope, as_text


def run_all(scope: Scope, steps: list[Json]) -> None:
    """Every step in order; a failure skips those that do not ask for it. Raises Killed."""
    for number, spec in enumerate(steps, 1):
        scope.job.check()
        began = time.monotonic()
        name = _name(scope, spec)
        outcome, outputs = _one(scope, spec, name)
        tolerated = outcome == "failure" and _flag(scope, spec.get("continue-on-error"))
        conclusion = "success" if tolerated else outcome
        if conclusion == "failure":
            scope.failed = True
            scope.job.failed = scope.job.failed or scope.depth == 0
        if key := spec.get("id"):
            scope.steps[str(key)] = {"outputs": outputs, "outcome": outcome, "conclusion": conclusion}
        if scope.depth == 0:
            seconds = round(time.monotonic() - began, 3)
            scope.job.leg.work.steps.append(StepDone(number, name, conclusion, outcome, seconds))


def _one(scope: Scope, spec: Json, name: str) -> tuple[str, dict[str, str]]:
    job = scope.job
    try:
        condition, status = spec.get("if"), scope.status()
        if not job.bench.expressions.holds(condition, scope.contexts(), status, job.place.workspace):
            return "skipped", {}
        job.log.write(f"== {name}")
        env = scope.texts(spec.get("env"))
        minutes = float(as_text(scope.fill(spec.get("timeout-minutes"), env)) or 0)
        if "run" in spec:
            return shell.run(scope, spec, env, minutes, deaf=status.cancelled)
        return actions.act(scope, spec, env, run_all)
    except FactoryError as problem:
        job.log.note("error", str(problem))
        return "failure", {}


def _name(scope: Scope, spec: Json) -> str:
    try:
        if spec.get("name"):
            return scope.text(spec["name"])
        said = scope.text(spec["run"]).strip().splitlines() if "run" in spec else [str(spec.get("uses", ""))]
    except FactoryError:
        said = [str(spec.get("run") or spec.get("uses"))]
    return f"Run {said[0] if said else ''}"[:200]


def _flag(scope: Scope, said: object) -> bool:
    return as_text(scope.fill(said)) == "true"
