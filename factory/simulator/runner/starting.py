"""From an event to workflow runs: which files count, on which commit, and what the run is about."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Event, Repository
from factory.simulator.hub.routes import Refused
from factory.simulator.hub.runs import settings, start_run
from factory.simulator.runner.bench import Bench
from factory.simulator.runner.calls import faults
from factory.simulator.runner.contexts import short
from factory.simulator.runner.graph import Frame, Node, RunState, Source
from factory.simulator.runner.opening import frame_contexts, wish_of
from factory.simulator.runner.scope import as_text
from factory.simulator.runner.sources import changed_paths, commit_of
from factory.simulator.runner.triggers import DEFAULT_BRANCH_ONLY, dispatch_inputs, events_of, starts

PULL_EVENTS = ("pull_request", "pull_request_review", "pull_request_review_comment")


@dataclass(frozen=True)
class Trigger:
    """A workflow that an event starts. `faults`: why GitHub does not start it although it should."""

    name: str  # of the event, for GITHUB_EVENT_NAME
    source: Source
    document: Json
    ref: str
    sha: str
    faults: tuple[str, ...] = ()


def triggers(bench: Bench, event: Event) -> Iterator[Trigger]:
    """Every workflow that the event starts, by path."""
    try:
        repo = bench.hub.repo(event.repo)
    except Refused:
        return
    names = [event.name, "pull_request_target"] if event.name == "pull_request" else [event.name]
    for name in names:
        ref, sha = _where(repo, name, event)
        for path, parsed in bench.sources.workflows(repo, sha).items():
            if path in settings(repo).disabled or _not_meant(event, path) or parsed.document is None:
                continue
            if _starts(repo, parsed.document, name, event, ref):
                source = Source(repo.full_name, sha, path, ref)
                yield Trigger(name, source, parsed.document, ref, sha, _faults(bench, source, parsed))


def _faults(bench: Bench, source: Source, parsed: Any) -> tuple[str, ...]:
    if parsed.errors:
        return tuple(f"{source.path} (Line: {one.line}, Col: {one.column}): {one.message}" for one in parsed.errors)
    return tuple(faults(bench, source, parsed.document))


def _not_meant(event: Event, path: str) -> bool:
    return event.name == "workflow_dispatch" and event.payload.get("workflow") not in (None, path)


def _starts(repo: Repository, document: Json, name: str, event: Event, ref: str) -> bool:
    def changed() -> list[str]:
        pull = event.payload.get("pull_request") or {}
        if pull:
            return changed_paths(repo, pull["base"]["sha"], pull["head"]["sha"])
        return changed_paths(repo, str(event.payload.get("before", "")), str(event.payload.get("after", "")))

    return starts(document, name, event.action, event.payload, ref, changed)


def _where(repo: Repository, name: str, event: Event) -> tuple[str, str]:
    """GITHUB_REF and GITHUB_SHA, which is also the commit whose workflow files count."""
    default = f"refs/heads/{repo.default_branch}"
    if name in DEFAULT_BRANCH_ONLY:
        return default, bare.resolve(repo.folder, default)
    pull = event.payload.get("pull_request") or {}
    if name in PULL_EVENTS and pull:
        merge = f"refs/pull/{pull['number']}/merge"
        sha = bare.resolve(repo.folder, merge) or commit_of(repo, str((pull.get("head") or {}).get("sha", "")))
        return merge, sha
    ref = event.ref or default
    return ref, event.sha or commit_of(repo, ref)


def begin(bench: Bench, event: Event, trigger: Trigger) -> RunState:
    """The run as GitHub creates it: queued, parked, or failed at its start."""
    repo = bench.hub.repo(event.repo)
    document, pull = trigger.document, event.payload.get("pull_request") or {}
    name = as_text(document.get("name")) or trigger.source.path
    head = pull.get("head") or {}
    branch = head.get("ref") if trigger.name in PULL_EVENTS and head else short(trigger.ref)
    shown = start_run(
        bench.hub, repo, trigger.source.path, event=trigger.name, name=name, title=_title(event, name),
        actor=event.actor, branch=str(branch), pulls=_pulls(repo, pull), parked=event.starts == "parked",
        sha=str(head.get("sha")) if trigger.name in PULL_EVENTS and head else trigger.sha,
    )  # fmt: skip
    run = RunState(shown, event, trigger.name, trigger.source, trigger.ref, trigger.sha)
    whose = (head.get("repo") or {}).get("full_name", repo.full_name) if head else repo.full_name
    run.fork = trigger.name in PULL_EVENTS and whose.lower() != repo.full_name.lower()
    inputs = dispatch_inputs(document, event.payload.get("inputs") or {}) if trigger.name == "workflow_dispatch" else {}
    secrets = {} if run.fork else dict(bench.options.secrets)
    run.top = Frame(run, trigger.source, document, inputs, secrets)
    run.problem = "; ".join(trigger.faults)
    if not run.problem:
        run.top.nodes = {name: Node(run.top, name, spec) for name, spec in document["jobs"].items()}
        _evaluate(bench, run, run.top)
    return run


def _evaluate(bench: Bench, run: RunState, frame: Frame) -> None:
    try:
        known = frame_contexts(bench, frame)
        frame.wish = wish_of(bench.expressions.fill(frame.document.get("concurrency"), known))
        if said := frame.document.get("run-name"):
            run.shown.title = as_text(bench.expressions.fill(said, known)).strip() or run.shown.title
    except FactoryError as problem:
        run.problem = str(problem)


def _title(event: Event, name: str) -> str:
    payload = event.payload
    for key in ("issue", "pull_request"):
        if payload.get(key):
            return str(payload[key].get("title") or name)
    if event.name == "push":
        return str((payload.get("head_commit") or {}).get("message") or name).splitlines()[0]
    return event.action if event.name == "repository_dispatch" else name


def _pulls(repo: Repository, pull: Json) -> tuple[int, ...]:
    number = pull.get("number")
    return (int(number),) if number and int(number) in repo.issues else ()


def listens(bench: Bench, repo: Repository, event: str) -> bool:
    """Whether any workflow of the default branch wants to hear this event."""
    found = bench.sources.workflows(repo, bare.branch(repo.folder, repo.default_branch))
    return any(parsed.document and event in events_of(parsed.document) for parsed in found.values())
