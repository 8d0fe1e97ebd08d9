"""What the double knows of Actions: runs, jobs, artifacts, settings. The workflow runner fills it, routes show it.

    run = start_run(hub, repo, ".github/workflows/x.yml", event="issues")   # queued; then change its fields
    job = add_job(hub, run, "gate", labels=("ubuntu-latest",))              # in hub.jobs
    artifact = add_artifact(hub, run, "bundle", zip_bytes)                  # Refused 409 when the name is taken

A runner waits for `run.cancel` (asked for over the API) and `run.rerun` ("all", "failed" or a job's id as text).
"""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from factory.simulator.hub.nouns import Repository
from factory.simulator.hub.routes import Refused

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Status = Literal["queued", "in_progress", "completed", "waiting", "requested", "pending"]
KEPT = 90 * 86_400  # seconds that an artifact lives at most
MOST_ARTIFACTS = 500  # of one run


@dataclass
class Run:
    id: int
    repo: str  # owner/name
    workflow: str  # .github/workflows/x.yml
    name: str  # of the workflow
    title: str  # display_title: run-name, or what started it
    event: str
    actor: str
    number: int
    head_branch: str
    head_sha: str
    created: str
    updated: str
    attempt: int = 1
    started: str = ""
    status: Status = "queued"
    conclusion: str = ""  # success, failure, cancelled, skipped, timed_out, action_required
    pulls: list[int] = field(default_factory=list)
    approved: bool = False  # a parked run: somebody clicked "Approve and run"
    cancel: bool = False  # asked for; the runner sees to it
    rerun: str = ""  # asked for: "all", "failed" or a job's id


@dataclass
class Job:
    id: int
    run: int
    name: str
    created: str
    attempt: int = 1
    status: Status = "queued"
    conclusion: str = ""
    labels: tuple[str, ...] = ()
    runner: str = ""
    started: str = ""
    completed: str = ""
    log: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)  # name, status, conclusion, number


@dataclass
class Artifact:
    id: int
    run: int
    repo: str
    name: str
    data: bytes  # the zip
    created: str
    expires: str
    expired: bool = False
    digest: str = ""
    attempt: int = 1  # of the run, when it was uploaded


@dataclass
class Runner:
    """A self-hosted runner as the API lists it."""

    id: int
    name: str
    labels: tuple[str, ...]
    status: Literal["online", "offline"] = "online"
    busy: bool = False
    version: str = "2.329.0"


@dataclass
class Settings:
    """A repository's Actions settings. Values of secrets are nobody's business here: names only."""

    variables: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    enabled: bool = True
    allowed_actions: Literal["all", "local_only", "selected"] = "all"
    default_permissions: Literal["read", "write"] = "read"
    runners: list[Runner] = field(default_factory=list)
    disabled: set[str] = field(default_factory=set)  # paths of workflows


def settings(repo: Repository) -> Settings:
    found: Settings = repo.extras.setdefault("actions", Settings())
    return found


def start_run(
    hub: "Hub", repo: Repository, workflow: str, *, event: str, name: str = "", title: str = "", actor: str = "",
    branch: str = "", sha: str = "", pulls: tuple[int, ...] = (), parked: bool = False,
) -> Run:  # fmt: skip
    """A new run, queued; `parked`: it waits as `action_required` until somebody approves."""
    with hub.changed:
        number = 1 + sum(one.workflow == workflow and one.repo == repo.full_name for one in hub.runs.values())
        now = hub.now()
        run = Run(
            hub.next_id(), repo.full_name, workflow, name or workflow, title or name or workflow, event,
            actor or repo.owner, number, branch or repo.default_branch, sha, now, now, pulls=list(pulls),
        )  # fmt: skip
        if parked:
            run.status, run.conclusion = "completed", "action_required"
        hub.runs[run.id] = run
        hub.changed.notify_all()
    return run


def add_job(hub: "Hub", run: Run, name: str, labels: tuple[str, ...] = ()) -> Job:
    with hub.changed:
        job = Job(hub.next_id(), run.id, name, hub.now(), run.attempt, labels=labels)
        hub.jobs[job.id] = job
        hub.changed.notify_all()
    return job


def add_artifact(hub: "Hub", run: Run, name: str, data: bytes) -> Artifact:
    """Artifacts never change: a name once per attempt of a run, 500 an attempt. Raises Refused 409."""
    from factory.simulator.hub.state import stamp  # the state imports this module

    with hub.lock:
        others = [one.name for one in hub.artifacts.values() if (one.run, one.attempt) == (run.id, run.attempt)]
        if name in others or len(others) >= MOST_ARTIFACTS:
            raise Refused(409, f"Conflict: an artifact with this name already exists on the workflow run: {name}")
        artifact = Artifact(
            hub.next_id(), run.id, run.repo, name, data, hub.now(), stamp(hub.epoch() + KEPT),
            digest=f"sha256:{hashlib.sha256(data).hexdigest()}", attempt=run.attempt,
        )  # fmt: skip
        hub.artifacts[artifact.id] = artifact
    return artifact


def jobs_of(hub: "Hub", run: Run, attempt: int = 0) -> list[Job]:
    """Of one attempt (0 = the latest), in the order of creation."""
    wanted = attempt or run.attempt
    return [job for job in hub.jobs.values() if job.run == run.id and job.attempt == wanted]
