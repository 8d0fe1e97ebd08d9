"""Where a handed-over artifact comes from: a run of our own workflow on the default branch, found by its ids."""

from factory.contracts.errors import HubMissing, Refusal
from factory.contracts.hub import RunReader, WorkflowRun
from factory.contracts.ticket import Errand, Handover
from factory.forge.denied import Denied

EVENTS = ("issues", "issue_comment", "repository_dispatch", "schedule", "workflow_dispatch")
"""Events whose runs use the default branch's workflow file and see no code of a fork."""
WORKFLOWS = (
    "dark-factory-swarm.yml",
    "forge-dispatch.yml",
    "local-agent-worker.yml",
    "nightly-hunt.yml",
    "pr-feedback.yml",
    "factory-swarm.yml",
    "factory-dispatch.yml",
    "factory-local.yml",
    "factory-hunt.yml",
    "factory-feedback.yml",
)  # fmt: skip  the factory's own names, and those under which `factory init` writes its callers


HUNT = ("nightly-hunt.yml", "factory-hunt.yml")
BOX = ("local-agent-worker.yml", "factory-local.yml")  # those with a job for the box


def is_ours(run: WorkflowRun, files: tuple[str, ...] = WORKFLOWS) -> bool:
    """Is it a run of the factory's own workflow, by a file that no pull request brought along?"""
    return _file_is(run, files) and run.event in EVENTS


def _file_is(run: WorkflowRun, files: tuple[str, ...]) -> bool:
    return run.path.partition("@")[0] in {f".github/workflows/{name}" for name in files}


def check_artifact(handover: Handover, repo: str, default: str, runs: RunReader) -> None:
    """Raises Refusal('untrusted_artifact'); Denied, which the asker is told, for one that time took.

    Names are not looked at: any run can give its artifact any name."""
    try:
        run = runs.workflow_run(handover.run_id)
        artifact = runs.artifact(handover.artifact_id)
    except HubMissing:
        raise _refusal("there is no such run or artifact") from None
    if run.repo.lower() != repo.lower():
        raise _refusal(f"run {run.id} belongs to {run.repo or 'nobody'}, not to {repo}")
    if not _file_is(run, WORKFLOWS):
        raise _refusal(f"run {run.id} is of {run.path}, which is no workflow of the factory's")
    if run.event not in EVENTS or run.head_branch != default:
        raise _refusal(f"run {run.id} was started by {run.event} on {run.head_branch}, not on {default}")
    if artifact.run_id != handover.run_id:
        raise _refusal(f"artifact {artifact.id} is of run {artifact.run_id}, not of {handover.run_id}")
    if artifact.expired:
        raise Denied(
            "untrusted_artifact", "What that run left has expired: ask for the whole with `/factory fix` or a label."
        )


def check_errand(errand: Errand, repo: str, default: str, runs: RunReader) -> None:
    if errand.handover:
        check_artifact(errand.handover, repo, default, runs)


def _refusal(what: str) -> Refusal:
    return Refusal("untrusted_artifact", f"What was handed over is not used: {what}.")
