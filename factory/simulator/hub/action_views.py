"""Shapes of GitHub's answers about Actions: runs, jobs, artifacts, workflows, runners."""

import zlib
from typing import TYPE_CHECKING, Any

from factory.contracts.errors import GitProblem
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Repository
from factory.simulator.hub.pull_views import half
from factory.simulator.hub.runs import Artifact, Job, Run, Runner
from factory.simulator.hub.views import page_url, repo_url, repository_view, user_view

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Json = dict[str, Any]


def workflow_id(repo: Repository, path: str) -> int:
    """The same for the same file as long as the repository is."""
    return zlib.crc32(f"{repo.id} {path}".encode())


def run_view(hub: "Hub", repo: Repository, run: Run) -> Json:
    url = f"{repo_url(hub, repo)}/actions/runs/{run.id}"
    before = f"{url}/attempts/{run.attempt - 1}" if run.attempt > 1 else None
    workflow, whole, who = workflow_id(repo, run.workflow), repository_view(hub, repo), user_view(hub, run.actor)
    return {
        "id": run.id, "name": run.name, "node_id": f"WFR_{run.id}", "check_suite_id": run.id,
        "check_suite_node_id": f"CS_{run.id}", "check_suite_url": f"{repo_url(hub, repo)}/check-suites/{run.id}",
        "head_branch": run.head_branch, "head_sha": run.head_sha, "path": run.workflow, "run_number": run.number,
        "run_attempt": run.attempt, "event": run.event, "display_title": run.title, "status": run.status,
        "conclusion": run.conclusion or None, "workflow_id": workflow, "url": url,
        "html_url": f"{page_url(hub, repo)}/actions/runs/{run.id}",
        "pull_requests": [_pull(hub, repo, number) for number in run.pulls],
        "created_at": run.created, "updated_at": run.updated, "run_started_at": run.started or run.created,
        "actor": who, "triggering_actor": who, "referenced_workflows": [], "previous_attempt_url": before,
        **{f"{name}_url": f"{url}/{name}" for name in ("jobs", "logs", "artifacts", "cancel", "rerun")},
        "workflow_url": f"{repo_url(hub, repo)}/actions/workflows/{workflow}",
        "head_commit": commit_view(repo, run.head_sha), "repository": whole, "head_repository": whole,
        "head_repository_id": repo.id,
    }  # fmt: skip


def commit_view(repo: Repository, sha: str) -> Json | None:
    """A commit in short; None when the repository does not have it."""
    try:
        found = bare.log(repo.folder, "--end-of-options", sha, most=1) if sha else []
    except GitProblem:
        return None
    if not found:
        return None
    one = found[0]
    return {
        "id": one.sha, "tree_id": one.tree, "message": one.message, "timestamp": one.committer[2],
        "author": {"name": one.author[0], "email": one.author[1]},
        "committer": {"name": one.committer[0], "email": one.committer[1]},
    }  # fmt: skip


def _pull(hub: "Hub", repo: Repository, number: int) -> Json:
    issue = repo.issues[number]
    small = {"id": repo.id, "url": repo_url(hub, repo), "name": repo.name}
    pull = half(issue)
    return {
        "id": issue.id, "number": number, "url": f"{repo_url(hub, repo)}/pulls/{number}",
        "head": {"ref": pull.head, "sha": pull.head_sha, "repo": small},
        "base": {"ref": pull.base, "sha": pull.base_sha, "repo": small},
    }  # fmt: skip


def job_view(hub: "Hub", repo: Repository, job: Job) -> Json:
    run = hub.runs[job.run]
    api, page = f"{repo_url(hub, repo)}/actions", f"{page_url(hub, repo)}/actions/runs/{run.id}"
    return {
        "id": job.id, "run_id": run.id, "workflow_name": run.name, "head_branch": run.head_branch,
        "run_url": f"{api}/runs/{run.id}", "run_attempt": job.attempt, "node_id": f"CR_{job.id}",
        "head_sha": run.head_sha, "url": f"{api}/jobs/{job.id}", "html_url": f"{page}/job/{job.id}",
        "status": job.status, "conclusion": job.conclusion or None, "created_at": job.created,
        "started_at": job.started or job.created, "completed_at": job.completed or None, "name": job.name,
        "steps": job.steps, "check_run_url": f"{repo_url(hub, repo)}/check-runs/{job.id}",
        "labels": list(job.labels), "runner_id": zlib.crc32(job.runner.encode()) if job.runner else None,
        "runner_name": job.runner or None, "runner_group_id": 1 if job.runner else None,
        "runner_group_name": "Default" if job.runner else None,
    }  # fmt: skip


def artifact_view(hub: "Hub", repo: Repository, artifact: Artifact) -> Json:
    url = f"{repo_url(hub, repo)}/actions/artifacts/{artifact.id}"
    run = hub.runs.get(artifact.run)
    short = run and {
        "id": run.id, "repository_id": repo.id, "head_repository_id": repo.id, "head_branch": run.head_branch,
        "head_sha": run.head_sha,
    }  # fmt: skip
    return {
        "id": artifact.id, "node_id": f"ART_{artifact.id}", "name": artifact.name, "size_in_bytes": len(artifact.data),
        "url": url, "archive_download_url": f"{url}/zip", "expired": artifact.expired, "digest": artifact.digest,
        "created_at": artifact.created, "updated_at": artifact.created, "expires_at": artifact.expires,
        "workflow_run": short,
    }  # fmt: skip


def workflow_view(hub: "Hub", repo: Repository, path: str, name: str, disabled: bool) -> Json:
    number, page = workflow_id(repo, path), page_url(hub, repo)
    return {
        "id": number, "node_id": f"W_{number}", "name": name, "path": path,
        "state": "disabled_manually" if disabled else "active", "created_at": repo.created, "updated_at": repo.created,
        "url": f"{repo_url(hub, repo)}/actions/workflows/{number}",
        "html_url": f"{page}/blob/{repo.default_branch}/{path}",
        "badge_url": f"{page}/actions/workflows/{path.rpartition('/')[2]}/badge.svg",
    }  # fmt: skip


def runner_view(runner: Runner) -> Json:
    fixed = ("self-hosted", "Linux", "X64")
    return {
        "id": runner.id, "name": runner.name, "os": "Linux", "status": runner.status, "busy": runner.busy,
        "version": runner.version, "ephemeral": False, "runner_group_id": 1,
        "labels": [{"id": place, "name": name, "type": "read-only" if name in fixed else "custom"}
                   for place, name in enumerate(runner.labels, start=1)],
    }  # fmt: skip
