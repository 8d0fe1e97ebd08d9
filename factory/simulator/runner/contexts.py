"""The contexts that expressions see, and the variables that a job's processes get."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.record import Json
from factory.simulator.runner.graph import Frame, Leg, RunState

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub


@dataclass(frozen=True)
class Place:
    """A job's folders. `work` is empty when the job begins."""

    root: Path
    workspace: Path
    temp: Path
    home: Path
    tools: Path
    actions: Path
    event: Path

    @classmethod
    def under(cls, root: Path, repo: str) -> "Place":
        name = repo.partition("/")[2]
        work = root / "_work"
        place = cls(
            root, work / name / name, work / "_temp", root / "home", work / "_tool", work / "_actions",
            work / "_temp/_github_workflow/event.json",
        )  # fmt: skip
        for folder in (place.workspace, place.temp, place.home, place.tools, place.actions, place.event.parent):
            folder.mkdir(parents=True)
        return place


def github(hub: "Hub", frame: Frame, job: str = "", token: str = "", place: Place | None = None) -> Json:
    """The `github` context: of a run, and inside a job with its token and folders."""
    run = frame.run
    repo = hub.repo(run.shown.repo)
    source = run.source
    pull = run.event.payload.get("pull_request") or {} if run.event_name.startswith("pull_request") else {}
    found: Json = {
        "actor": run.event.actor, "actor_id": _id(hub, run.event.actor),
        "triggering_actor": run.again or run.event.actor,
        "api_url": hub.url, "graphql_url": hub.url.removesuffix("/v3") + "/graphql", "server_url": hub.server_url,
        "base_ref": (pull.get("base") or {}).get("ref", ""), "head_ref": (pull.get("head") or {}).get("ref", ""),
        "event": event_of(run), "event_name": run.event_name, "job": job,
        "ref": run.ref, "ref_name": short(run.ref), "ref_type": "tag" if run.ref.startswith("refs/tags/") else "branch",
        "ref_protected": short(run.ref) in repo.protected, "repository": repo.full_name,
        "repository_id": str(repo.id), "repository_owner": repo.owner, "repository_owner_id": _id(hub, repo.owner),
        "repositoryUrl": f"git://{hub.server_url.partition('//')[2]}/{repo.full_name}.git",
        "retention_days": "90", "run_attempt": str(run.shown.attempt), "run_id": str(run.shown.id),
        "run_number": str(run.shown.number), "secret_source": "None" if run.fork else "Actions", "sha": run.sha,
        "workflow": run.shown.name, "workflow_ref": source.name, "workflow_sha": source.sha,
        "visibility": "private" if repo.private else "public",
    }  # fmt: skip
    if token:
        found["token"] = token
    if place:
        found |= {"workspace": str(place.workspace), "event_path": str(place.event)}
    return found


def event_of(run: RunState) -> Json:
    """The payload as workflows see it."""
    payload = run.event.payload
    if run.event_name == "schedule":
        return {"schedule": payload.get("schedule", ""), **{k: payload[k] for k in ("repository",) if k in payload}}
    return payload


def job_context(leg: Leg, status: str) -> Json:
    source = leg.node.frame.source
    return {
        "status": status, "check_run_id": leg.shown.id if leg.shown else 0, "workflow_ref": source.name,
        "workflow_sha": source.sha, "workflow_repository": source.repo, "workflow_file_path": source.path,
    }  # fmt: skip


def strategy(leg: Leg) -> Json:
    return {
        "fail-fast": leg.node.fail_fast, "job-index": leg.index, "job-total": leg.total,
        "max-parallel": leg.node.max_parallel or leg.total,
    }  # fmt: skip


def runner_context(leg: Leg, place: Place) -> Json:
    return {
        "name": leg.machine, "os": "Linux", "arch": "X64", "temp": str(place.temp), "tool_cache": str(place.tools),
        "environment": "self-hosted" if "self-hosted" in leg.labels else "github-hosted", "debug": "",
        "workspace": str(place.workspace.parent),
    }  # fmt: skip


def variables(context: Mapping[str, object], leg: Leg, place: Place) -> dict[str, str]:
    """GITHUB_* and RUNNER_* of a job's processes: those that GitHub documents."""
    names = (
        "actor", "actor_id", "triggering_actor", "api_url", "graphql_url", "server_url", "base_ref", "head_ref",
        "event_name", "event_path", "job", "ref", "ref_name", "ref_type", "ref_protected", "repository",
        "repository_id", "repository_owner", "repository_owner_id", "retention_days", "run_attempt", "run_id",
        "run_number", "sha", "workflow", "workflow_ref", "workflow_sha", "workspace",
    )  # fmt: skip
    found = {f"GITHUB_{name.upper()}": _text(context.get(name, "")) for name in names}
    runner = runner_context(leg, place)
    found |= {f"RUNNER_{name.upper()}": _text(value) for name, value in runner.items() if value}
    return {**found, "GITHUB_ACTIONS": "true", "CI": "true", "HOME": str(place.home), "LANG": "C.UTF-8"}


def short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/").removeprefix("refs/pull/")


def _id(hub: "Hub", login: str) -> str:
    found = hub.users.get(login.lower())
    return str(found.id) if found else ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
