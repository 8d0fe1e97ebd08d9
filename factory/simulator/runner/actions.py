"""`uses:` of a step: composite actions of the repositories at hand, and stand-ins for the few third-party ones."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.record import Json
from factory.simulator.hub.routes import Refused
from factory.simulator.runner.graph import Source
from factory.simulator.runner.scope import MAX_DEPTH, ActionProblem, JobRun, Scope
from factory.simulator.runner.sources import commit_of
from factory.simulator.runner.standins import STANDINS
from factory.simulator.runner.standins.call import Call

RunAll = Callable[[Scope, list[Json]], None]
_REMOTE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:/(?P<path>[^@]+))?@(?P<ref>.+)")


@dataclass(frozen=True)
class Found:
    folder: Path  # with action.yml in it
    source: Source


def act(scope: Scope, spec: Json, env: dict[str, str], run_all: RunAll) -> tuple[str, dict[str, str]]:
    """(outcome, outputs) of a `uses:` step. Raises ActionProblem with what is wrong."""
    uses = str(spec["uses"])
    given = scope.texts(spec.get("with"), env)
    remote = _REMOTE.fullmatch(uses)
    if remote and not uses.startswith(("./", "$/", "docker://")):
        name = "/".join(filter(None, (remote["repo"], remote["path"]))).lower()
        if name in STANDINS:
            if not re.fullmatch(r"[0-9a-f]{40}", remote["ref"]):
                raise ActionProblem(f"{uses} is not pinned: name the full commit, with the version in a comment.")
            job = scope.job
            call = Call(job, name, {**given}, {**job.env, **scope.overlay, **env})
            return STANDINS[name](call) or "success", call.outputs
    return _composite(scope, _find(scope, uses, remote), given, env, run_all)


def _find(scope: Scope, uses: str, remote: re.Match[str] | None) -> Found:
    job = scope.job
    if uses.startswith("./"):
        return Found(job.place.workspace / uses, scope.source)
    if uses.startswith("$/"):
        return Found(_downloaded(job, scope.source) / uses[2:], scope.source)
    if remote:
        try:
            repo = job.bench.hub.repo(remote["repo"])
        except Refused:
            known = ", ".join(sorted(STANDINS))
            raise ActionProblem(
                f"The simulator cannot run {uses}: it has stand-ins for {known}, and runs composite actions of the "
                "repositories that it holds."
            ) from None
        if sha := commit_of(repo, remote["ref"]):
            path = remote["path"] or ""
            source = Source(repo.full_name, sha, path, remote["ref"])
            return Found(_downloaded(job, source) / path, source)
        raise ActionProblem(f"Unable to resolve action `{uses}`, unable to find version `{remote['ref']}`")
    raise ActionProblem(f"The simulator cannot run {uses}: it runs no containers.")


def _downloaded(job: JobRun, source: Source) -> Path:
    folder = job.place.actions / source.repo / source.sha
    if not folder.is_dir():
        job.bench.sources.export(job.bench.hub.repo(source.repo), source.sha, folder)
    return folder


def _composite(
    scope: Scope, found: Found, given: dict[str, str], env: dict[str, str], run_all: RunAll
) -> tuple[str, dict[str, str]]:
    if scope.depth >= MAX_DEPTH:
        raise ActionProblem(f"Composite actions are nested more than {MAX_DEPTH} deep.")
    document = _read(scope, found)
    declared = document.get("inputs") or {}
    if unknown := sorted(set(given) - {name.lower() for name in declared} - set(declared)):
        scope.job.log.note(
            "warning", f"Unexpected input(s) '{', '.join(unknown)}', valid inputs are {sorted(declared)}"
        )
    inside = Scope(
        scope.job, found.source, {}, {}, {**scope.overlay, **env}, action=found.folder, depth=scope.depth + 1
    )  # fmt: skip
    inputs: dict[str, str] = {
        name: given[name] if name in given else inside.text((spec or {}).get("default", ""))
        for name, spec in declared.items()
    }
    inside.inputs = dict(inputs)
    run_all(inside, document["runs"]["steps"])
    outputs = {name: inside.text((spec or {}).get("value")) for name, spec in (document.get("outputs") or {}).items()}
    cancelled = scope.job.leg.cancel.is_set()
    return "failure" if inside.failed else "cancelled" if cancelled else "success", outputs


def _read(scope: Scope, found: Found) -> Json:
    for name in ("action.yml", "action.yaml"):
        path = found.folder / name
        if path.is_file():
            parsed = scope.job.bench.sources.parse(str(path), path.read_text(encoding="utf-8"), "action")
            if parsed.errors or parsed.document is None:
                first = parsed.errors[0]
                raise ActionProblem(f"{path.name} (Line: {first.line}, Col: {first.column}): {first.message}")
            if (parsed.document.get("runs") or {}).get("using") != "composite":
                raise ActionProblem(f"The simulator runs composite actions only, and {found.folder.name} is none.")
            return parsed.document
    raise ActionProblem(
        f"Can't find 'action.yml' or 'action.yaml' under '{found.folder}'. Did you forget to run actions/checkout "
        "before running your local action?"
    )
