"""One job from its first line to its last: folders, environment, steps, posts, outputs, and how it ended."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from factory.contracts.errors import FactoryError
from factory.simulator.hub.nouns import Level
from factory.simulator.runner import contexts, process, steps
from factory.simulator.runner.bench import Bench, Kill
from factory.simulator.runner.contexts import Place
from factory.simulator.runner.graph import Leg, Result
from factory.simulator.runner.log import Log
from factory.simulator.runner.masks import Masks
from factory.simulator.runner.scope import JobRun, Killed, Scope, as_text

MAX_OUTPUTS = 1024 * 1024  # bytes of all outputs of a job
DEFAULT_MINUTES = 360.0
LOST = "The self-hosted runner lost communication with the server."


def run_job(bench: Bench, leg: Leg) -> None:
    """In the job's own thread: fills `leg.work`, never raises."""
    began = time.monotonic()
    run = leg.node.frame.run
    number = leg.shown.id if leg.shown else 0
    root = bench.folder / "jobs" / f"{run.shown.id}-{run.shown.attempt}-{number}"
    place = Place.under(root, run.shown.repo)
    job = _begin(bench, leg, place)
    try:
        with _limits(job):
            leg.work.result = _work(job)
    except Killed:
        leg.work.result = "failure"
        job.log.note("error", LOST)
    except FactoryError as problem:
        leg.work.result = "failure"
        job.log.note("error", str(problem))
    finally:
        for group in job.groups:
            process.sweep(group)
        bench.hub.retire(job.token)
        bench.running.pop(job.token, None)
        leg.work.seconds = round(time.monotonic() - began, 3)
        job.log.close()
        shutil.rmtree(root, ignore_errors=True)


def _begin(bench: Bench, leg: Leg, place: Place) -> JobRun:
    run, frame = leg.node.frame.run, leg.node.frame
    held: dict[str, Level] = {
        name: "read" if level == "read" else "write" for name, level in leg.work.permissions.items()
    }
    token = bench.hub.token("", run.shown.repo, held, kind="actions", lasts=86_400, job=leg.node.id)
    secrets = {**frame.secrets, "GITHUB_TOKEN": token, "github_token": token}
    masks = Masks([*frame.secrets.values(), token])
    path = bench.folder / "logs" / f"{run.shown.id}-{run.shown.attempt}" / f"{_file_name(leg)}.txt"
    github = contexts.github(bench.hub, frame, leg.node.id, token, place)
    place.event.write_text(json.dumps(github["event"]), encoding="utf-8")
    found: list[JobRun] = []
    log = Log(path, masks, leg.work, _counter(bench.kill_for(leg.node.id, leg.name), found))
    job = JobRun(bench, leg, place, log, token, secrets, github)
    found.append(job)
    bench.running[token] = job.kill
    return job


def _file_name(leg: Leg) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in leg.name)[:100]


def _counter(kill: Kill | None, found: list[JobRun]) -> Callable[[int], None]:
    """What a log calls with its number of lines: kills the job at the line that a test asked for."""

    def strike() -> None:
        for job in found:
            job.kill.set()

    if kill and kill.seconds:
        timer = threading.Timer(kill.seconds, strike)
        timer.daemon = True
        timer.start()

    def counted(lines: int) -> None:
        if kill and kill.lines and lines >= kill.lines:
            strike()

    return counted


@contextmanager
def _limits(job: JobRun) -> Iterator[None]:
    """timeout-minutes: the job is cancelled then, and says why."""
    said = Scope(job, job.leg.node.frame.source, job.leg.node.frame.inputs).fill(
        job.leg.node.spec.get("timeout-minutes")
    )
    minutes = float(as_text(said) or DEFAULT_MINUTES)

    def over() -> None:
        job.log.note("error", f"The job has exceeded the maximum execution time of {minutes:g} minutes.")
        job.leg.cancel.set()

    timer = threading.Timer(minutes * 60, over)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _work(job: JobRun) -> Result:
    frame, spec = job.leg.node.frame, job.leg.node.spec
    scope = Scope(job, frame.source, frame.inputs)
    for word in ("container", "services"):
        if spec.get(word):
            raise FactoryError(f"The simulator runs no containers: this job asks for `{word}`.")
    job.env.update(scope.texts(frame.document.get("env")))
    _environment_of(job, scope)
    job.env.update(scope.texts(spec.get("env")))
    run_defaults = {**_run_of(frame.document), **_run_of(spec)}
    scope.defaults = {"run": scope.fill(run_defaults)}
    steps.run_all(scope, spec.get("steps") or [])
    for name, post in reversed(job.posts):
        job.check()
        job.log.write(f"== Post {name}")
        try:
            post()
        except FactoryError as problem:
            job.log.note("warning", str(problem))
    job.leg.work.outputs = _outputs(job, scope)
    return "cancelled" if job.leg.cancel.is_set() else "failure" if job.failed else "success"


def _environment_of(job: JobRun, scope: Scope) -> None:
    """`environment:` brings that environment's secrets."""
    said = scope.fill(job.leg.node.spec.get("environment"))
    name = str(said.get("name", "")) if isinstance(said, dict) else as_text(said)
    own = job.bench.options.environments.get(name, {}) if name else {}
    job.secrets.update(own)
    job.log.masks.add(*own.values())


def _run_of(document: dict[str, object]) -> dict[str, object]:
    defaults = document.get("defaults")
    found = defaults.get("run") if isinstance(defaults, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def _outputs(job: JobRun, scope: Scope) -> dict[str, str]:
    """A value with a secret in it is dropped; more than 1 MB in all fails the job."""
    found = {}
    for name, value in scope.texts(job.leg.node.spec.get("outputs")).items():
        if job.log.masks.found_in(value):
            job.log.note("warning", f"Skip output '{name}' since it may contain secret.")
        else:
            found[name] = value
    if sum(len(name.encode()) + len(value.encode()) for name, value in found.items()) > MAX_OUTPUTS:
        raise FactoryError("The job's outputs are larger than 1 MB: hand it over as an artifact.")
    return found
