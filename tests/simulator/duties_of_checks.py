"""Duties of jobs that look at what checks say, and of the router that takes up what was refused; as in duties.py."""

from factory.contracts.books import Row
from factory.contracts.ticket import Command
from factory.jobs.gate import gate
from factory.jobs.route import route
from factory.jobs.watch import watch
from factory.jobs.wire import site
from factory.simulator.hub import runs
from tests.jobs.handed import admitted
from tests.jobs.place import REPO, Place, outputs
from tests.jobs.test_look_after import BRANCH, pull
from tests.jobs.test_other_checks import app_says, head
from tests.simulator.duties import Held, Log, heard


def looking(here: Place, held: Held, log: Log, hourly: bool = False) -> str:
    """A check of another app has failed on a pull request of the factory's: it is sent to be revised."""
    number = pull(here)
    app_says(here, number)
    if hourly:
        job = here.job(here.ticket(1), "watch", event="schedule", permissions=held)
        return heard(log, lambda: watch(job, clock=here.clock))
    told = {"action": "completed", "check_suite": {"head_sha": head(here, number), "head_branch": BRANCH}}
    job = here.job(here.ticket(1), "look", event="check_suite", payload=told, permissions=held)
    return heard(log, lambda: route(job, clock=here.clock))


def revising(here: Place, held: Held, log: Log) -> str:
    """The gate of the box hears nothing of apps that it may not ask, and says so to whoever asked."""
    number = pull(here)
    payload = {
        "inputs": {"purpose": "revise", "pull": str(number)},
        "sender": {"login": "ann", "id": here.hub.user("ann").id, "type": "User"},
        "repository": {"full_name": REPO, "default_branch": "main"},
    }
    job = here.job(here.ticket(1), "gate", event="workflow_dispatch", payload=payload, permissions=held,
                   FACTORY_GATE_KEY=here.seed)  # fmt: skip
    said = heard(log, lambda: gate(job, "box", job.temp / "gate", clock=here.clock))
    return f"{said}\n{outputs(job).get('say', '')}"


def retrying(here: Place, held: Held, log: Log) -> str:
    """`/factory retry` where nothing could begin: the refused workflow run runs again."""
    number = here.issue()
    with here.hub.lock:
        refused = runs.start_run(here.hub, here.repo, ".github/workflows/factory-swarm.yml", event="issues")
        refused.status = "completed"
    ticket = admitted(here, number, event="comment retry", command=Command(verb="retry"))
    row = Row(id=f"money.2026-11-21.{number}", kind="refused", run="gh-1-0123456789ab", event="e", purpose="swarm",
              issue=number, actor="ann", at=here.hub.now(), github_run=refused.id, why="Used up.")  # fmt: skip
    site(here.job(ticket, "before"), clock=here.clock).books.append(lambda _: (row,))
    job = here.job(ticket, "route", event="issue_comment", permissions=held)
    return heard(log, lambda: route(job, clock=here.clock))
