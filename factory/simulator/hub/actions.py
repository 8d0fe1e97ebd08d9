"""Routes for workflow runs, their jobs and artifacts. Records: `runs`; what dispatches start: `dispatches`."""

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from factory.simulator.hub.action_views import artifact_view, job_view, run_view, workflow_id
from factory.simulator.hub.nouns import Repository
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, paged, route
from factory.simulator.hub.runs import Artifact, Job, Run, jobs_of

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

BASE = "/repos/{owner}/{repo}/actions"
READ, WRITE = ("actions", "read"), ("actions", "write")
LINK_LASTS = 60  # seconds that a download's address is good for


@route("GET", f"{BASE}/runs", permission=READ)
def list_runs(hub: "Hub", call: Call) -> Reply:
    return _runs(hub, call, lambda run: True)


@route("GET", f"{BASE}/workflows/{{workflow}}/runs", permission=READ)
def list_runs_of_workflow(hub: "Hub", call: Call) -> Reply:
    name = call.params["workflow"]
    return _runs(hub, call, lambda run: is_workflow(call.repo, run.workflow, name))


@route("GET", f"{BASE}/runs/{{run}}", permission=READ)
def get_run(hub: "Hub", call: Call) -> Reply:
    return 200, run_view(hub, call.repo, _run(hub, call))


@route("GET", f"{BASE}/runs/{{run}}/attempts/{{attempt}}", permission=READ)
def get_attempt(hub: "Hub", call: Call) -> Reply:
    """Of earlier attempts only the number is kept."""
    run, attempt = _run(hub, call), call.number("attempt")
    if not 1 <= attempt <= run.attempt:
        raise Refused(404, "Not Found")
    return 200, run_view(hub, call.repo, run) | {"run_attempt": attempt}


@route("DELETE", f"{BASE}/runs/{{run}}", permission=WRITE)
def delete_run(hub: "Hub", call: Call) -> Reply:
    run = _run(hub, call)
    if run.status != "completed":
        raise Refused(403, "Could not delete the workflow run")
    del hub.runs[run.id]
    return 204, None


@route("GET", f"{BASE}/runs/{{run}}/jobs", permission=READ)
def list_jobs(hub: "Hub", call: Call) -> Reply:
    run = _run(hub, call)
    every = [job for job in hub.jobs.values() if job.run == run.id]
    shown = every if call.query.get("filter") == "all" else jobs_of(hub, run)
    return paged(hub, call, shown, lambda job: job_view(hub, call.repo, job), "jobs")


@route("GET", f"{BASE}/runs/{{run}}/attempts/{{attempt}}/jobs", permission=READ)
def list_jobs_of_attempt(hub: "Hub", call: Call) -> Reply:
    jobs = jobs_of(hub, _run(hub, call), call.number("attempt"))
    return paged(hub, call, jobs, lambda job: job_view(hub, call.repo, job), "jobs")


@route("GET", f"{BASE}/jobs/{{job}}", permission=READ)
def get_job(hub: "Hub", call: Call) -> Reply:
    return 200, job_view(hub, call.repo, _job(hub, call))


@route("GET", f"{BASE}/jobs/{{job}}/logs", permission=READ)
def get_log(hub: "Hub", call: Call) -> Reply:
    return _elsewhere(hub, _job(hub, call).log.encode(), "text/plain; charset=utf-8")


@route("POST", f"{BASE}/runs/{{run}}/cancel", permission=WRITE)
def cancel_run(hub: "Hub", call: Call) -> Reply:
    run = _run(hub, call)
    if run.status == "completed" and run.conclusion != "action_required":
        raise Refused(409, "Cannot cancel a workflow run that is completed.")
    run.cancel = True
    return _changed(hub, run, 202)


@route("POST", f"{BASE}/runs/{{run}}/force-cancel", permission=WRITE)
def force_cancel_run(hub: "Hub", call: Call) -> Reply:
    return cancel_run.handler(hub, call)


@route("POST", f"{BASE}/runs/{{run}}/approve", permission=WRITE)
def approve_run(hub: "Hub", call: Call) -> Reply:
    """What the button "Approve workflows to run" does to a parked run."""
    run = _run(hub, call)
    if run.conclusion != "action_required":
        raise Refused(403, "This workflow run does not wait for an approval")
    run.approved, run.status, run.conclusion = True, "queued", ""
    return _changed(hub, run, 201)


@route("POST", f"{BASE}/runs/{{run}}/rerun", permission=WRITE)
def rerun(hub: "Hub", call: Call) -> Reply:
    return _again(hub, _run(hub, call), "all")


@route("POST", f"{BASE}/runs/{{run}}/rerun-failed-jobs", permission=WRITE)
def rerun_failed(hub: "Hub", call: Call) -> Reply:
    return _again(hub, _run(hub, call), "failed")


@route("POST", f"{BASE}/jobs/{{job}}/rerun", permission=WRITE)
def rerun_job(hub: "Hub", call: Call) -> Reply:
    job = _job(hub, call)
    return _again(hub, hub.runs[job.run], str(job.id))


@route("GET", f"{BASE}/artifacts", permission=READ)
def list_artifacts(hub: "Hub", call: Call) -> Reply:
    return _artifacts(hub, call, 0)


@route("GET", f"{BASE}/runs/{{run}}/artifacts", permission=READ)
def list_artifacts_of_run(hub: "Hub", call: Call) -> Reply:
    return _artifacts(hub, call, _run(hub, call).id)


@route("GET", f"{BASE}/artifacts/{{artifact}}", permission=READ)
def get_artifact(hub: "Hub", call: Call) -> Reply:
    return 200, artifact_view(hub, call.repo, _artifact(hub, call))


@route("DELETE", f"{BASE}/artifacts/{{artifact}}", permission=WRITE)
def delete_artifact(hub: "Hub", call: Call) -> Reply:
    del hub.artifacts[_artifact(hub, call).id]
    return 204, None


@route("GET", f"{BASE}/artifacts/{{artifact}}/{{form}}", permission=READ)
def download_artifact(hub: "Hub", call: Call) -> Reply:
    """A redirect to an address that is good for a minute and needs no token, also in public repositories."""
    artifact = _artifact(hub, call)
    if call.params["form"] != "zip":
        raise Refused(404, "Not Found")
    if call.token is None:
        raise Refused(401, "Requires authentication")
    if artifact.expired:
        raise Refused(410, "Artifact has expired")
    return _elsewhere(hub, artifact.data, "application/zip")


@route("GET", "/_downloads/{key}", public=True)
def download(hub: "Hub", call: Call) -> Reply:
    """The storage behind downloads: somebody else's host, which wants no token of GitHub's."""
    data, kind, until = hub.extras.get("downloads", {}).get(call.params["key"], (b"", "", 0.0))
    if call.headers.get("authorization"):
        raise Refused(400, "AuthenticationFailed: this address takes no Authorization header")
    if until <= hub.epoch():
        raise Refused(403, "AuthenticationFailed: the signature has expired or is unknown")
    return Answer(200, raw=data, headers={"Content-Type": kind})


def is_workflow(repo: Repository, path: str, name: str) -> bool:
    """Whether `name` (a file name or an id) means the workflow at `path`."""
    return name in (path.rpartition("/")[2], str(workflow_id(repo, path)))


def _elsewhere(hub: "Hub", data: bytes, kind: str) -> Reply:
    """By another host name, as on GitHub: clients drop their token when they follow."""
    key = secrets.token_urlsafe(24)
    hub.extras.setdefault("downloads", {})[key] = (data, kind, hub.epoch() + LINK_LASTS)
    host = hub.server_url.replace("127.0.0.1", "localhost")
    return Answer(302, headers={"Location": f"{host}/_downloads/{key}"})


def _runs(hub: "Hub", call: Call, wanted: Callable[[Run], bool]) -> Reply:
    own = [run for run in hub.runs.values() if run.repo == call.repo.full_name and wanted(run) and _asked(call, run)]
    own.sort(key=lambda run: (run.created, run.id), reverse=True)
    return paged(hub, call, own, lambda run: run_view(hub, call.repo, run), "workflow_runs")


def _asked(call: Call, run: Run) -> bool:
    """The filters of a list of runs; `status` is also compared with the conclusion."""
    has = {"event": (run.event,), "branch": (run.head_branch,), "actor": (run.actor,), "head_sha": (run.head_sha,),
           "status": (run.status, run.conclusion), "check_suite_id": (str(run.id),)}  # fmt: skip
    if any(name in call.query and call.query[name] not in values for name, values in has.items()):
        return False
    return within(run.created, call.query.get("created", ""))


def within(when: str, span: str) -> bool:
    """GitHub's search syntax for dates: `>=A`, `<B`, `A..B`, `A..*`, a day or a moment."""
    if not span:
        return True
    if match := re.fullmatch(r"(>=|<=|>|<)(.+)", span):
        sign, edge = match.groups()
        cut = when[: len(edge)] if len(edge) == len("2026-01-01") else when
        return {">=": cut >= edge, "<=": cut <= edge, ">": cut > edge, "<": cut < edge}[sign]
    first, dots, last = span.partition("..")
    if not dots:
        return when.startswith(span)
    return (first in ("", "*") or when >= first) and (last in ("", "*") or when[: len(last)] <= last)


def _artifacts(hub: "Hub", call: Call, run: int) -> Reply:
    name = call.query.get("name", "")
    own = [one for one in hub.artifacts.values() if one.repo == call.repo.full_name and run in (0, one.run)]
    shown = [one for one in reversed(own) if name in ("", one.name)]
    return paged(hub, call, shown, lambda one: artifact_view(hub, call.repo, one), "artifacts")


def _again(hub: "Hub", run: Run, what: str) -> Reply:
    """A new attempt, queued; the runner sees `run.rerun` and does it."""
    if run.status != "completed":
        raise Refused(403, "This workflow is already running")
    run.attempt, run.status, run.conclusion, run.rerun, run.cancel = run.attempt + 1, "queued", "", what, False
    return _changed(hub, run, 201)


def _changed(hub: "Hub", run: Run, status: int) -> Reply:
    run.updated = hub.now()
    with hub.changed:
        hub.changed.notify_all()
    return status, {}


def _run(hub: "Hub", call: Call) -> Run:
    found = hub.runs.get(call.number("run"))
    if not found or found.repo.lower() != call.repo.full_name.lower():
        raise Refused(404, "Not Found")
    return found


def _job(hub: "Hub", call: Call) -> Job:
    found = hub.jobs.get(call.number("job"))
    if not found or hub.runs[found.run].repo.lower() != call.repo.full_name.lower():
        raise Refused(404, "Not Found")
    return found


def _artifact(hub: "Hub", call: Call) -> Artifact:
    found = hub.artifacts.get(call.number("artifact"))
    if not found or found.repo.lower() != call.repo.full_name.lower():
        raise Refused(404, "Not Found")
    return found
