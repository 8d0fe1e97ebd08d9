"""What never got going, or never said its end: such workflow runs of ours run again, so that no event is lost.

Every job may run twice. So the hourly look runs the failed jobs of a workflow run again when the books know nothing of
it (GitHub's trouble struck before its lease), or when they know a lease of it without an end. A run that ended, however
badly, is left alone: that is for people.
"""

from datetime import datetime, timedelta

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubRefused
from factory.contracts.hub import WorkflowRun
from factory.forge.accounts import legs
from factory.forge.provenance import is_ours
from factory.jobs.ground import Ground

ATTEMPTS = 4  # of one workflow run, the first included
BACK = timedelta(hours=26)  # how far a look goes back: GitHub's own limit is 30 days
_COMES_AGAIN = ("schedule",)


def run_again(here: Ground, rows: tuple[Row, ...]) -> int:
    """How many were asked to run again. Raises HubProblem when GitHub cannot be asked."""
    since = datetime.fromisoformat(here.now) - BACK
    failed = here.hub.workflow_runs("", status="failure", since=since.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return sum(_again(here, run) for run in list(failed) if _is_missed(run, rows))


def _is_missed(run: WorkflowRun, rows: tuple[Row, ...]) -> bool:
    if not is_ours(run) or run.event in _COMES_AGAIN or run.attempt >= ATTEMPTS:
        return False
    if all(row.github_run != run.id for row in rows):
        return True
    return any(leg.close is None and leg.open.github_run == run.id for leg in legs(rows))


def _again(here: Ground, run: WorkflowRun) -> bool:
    try:
        here.hub.rerun(run.id, failed=True)
    except (HubForbidden, HubRefused) as no:  # too old, or a person was quicker
        here.context.say("warning", f"Workflow run {run.id} could not be run again: {no}")
        return False
    here.context.say("notice", f"Workflow run {run.id} ended before anything came of it: its failed jobs run again.")
    return True
