"""What each job's commands do with their token, on the GitHub double: one scene a job, so short that a test can play it
with every permission taken away in turn. A scene gives back what the job's log would say."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from factory.contracts.errors import FactoryError
from factory.contracts.ticket import Command, Errand, Handover
from factory.jobs.answer import answer
from factory.jobs.audited import audited
from factory.jobs.close import close
from factory.jobs.gate import gate
from factory.jobs.open import open as open_job
from factory.jobs.outcome import outcome
from factory.jobs.post import post
from factory.jobs.remember import remember
from factory.jobs.route import route
from factory.jobs.send import send
from factory.jobs.ship import ship
from factory.jobs.watch import watch
from factory.simulator.hub import runs
from tests.jobs.handed import admitted, handed
from tests.jobs.place import REPO, Place, outputs
from tests.jobs.test_close import needs
from tests.jobs.test_post import found, opened

Held = dict[str, Any]  # permissions of a token
Log = pytest.CaptureFixture[str]
Scene = Callable[[Place, Held, Log], str]


def heard(log: Log, *commands: Callable[[], int]) -> str:
    """What a job's log says: its commands in their order, until one fails."""
    said = []
    for command in commands:
        try:
            command()
        except FactoryError as problem:
            said.append(str(problem))
            break
    return "\n".join([log.readouterr().out, *said])


def labelled(here: Place, held: Held, log: Log, purpose: str = "swarm", label: str = "agent:swarm",
             comment: bool = False) -> str:  # fmt: skip
    number = here.issue()
    issue = here.repo.issues[number]
    told = {"number": number, "title": issue.title, "body": issue.body, "updated_at": here.hub.now(), "comments": 0,
            "user": {"login": issue.author}}  # fmt: skip
    if comment:
        said = {"id": 78, "body": "/factory status", "created_at": here.hub.now(), "user": {"login": "ann"}}
        return gated(here, held, log, purpose, "issue_comment", {"action": "created", "issue": told, "comment": said})
    return gated(here, held, log, purpose, "issues", {"action": "labeled", "issue": told, "label": {"name": label}})


def gated(here: Place, held: Held, log: Log, purpose: str, event: str,
           payload: dict[str, Any]) -> str:  # fmt: skip
    whole = {
        "sender": {"login": "ann", "id": here.hub.user("ann").id, "type": "User"},
        "repository": {"full_name": REPO, "default_branch": "main"},
        **payload,
    }
    context = here.job(here.ticket(1), "gate", event=event, payload=whole, permissions=held, FACTORY_GATE_KEY=here.seed)
    said = heard(log, lambda: gate(context, purpose, context.temp / "gate", clock=here.clock))
    assert outputs(context).get("allowed") != "true"
    assert not (context.temp / "gate").exists()
    return said


def commented(here: Place, held: Held, log: Log, purpose: str = "feedback") -> str:
    number = opened(here).number
    told = {"number": number, "title": "x", "body": "", "pull_request": {"url": "x"}, "user": {"login": "ann"}}
    comment = {"id": 77, "body": "/factory fix", "created_at": here.hub.now(), "user": {"login": "ann"}}
    payload = {"action": "created", "issue": told, "comment": comment}
    return gated(here, held, log, purpose, "issue_comment", payload)


def errand(here: Place, held: Held, log: Log, purpose: str) -> str:
    """An errand with a bundle of another workflow run: where it comes from is looked up with `actions: read`."""
    ticket = admitted(here, here.issue())
    there = Handover(run_id=5, artifact_id=6, digest="a" * 64)
    sent = Errand(ticket=ticket, handover=there, run=f"{ticket.run}.1")
    payload = {"action": "factory-refine", "client_payload": sent.model_dump(mode="json")}
    return gated(here, held, log, purpose, "repository_dispatch", payload)


def opening(here: Place, held: Held, log: Log, pull: bool = False) -> str:
    on = {"purpose": "revise", "pull": opened(here).number} if pull else {}
    job = here.job(admitted(here, 0 if pull else here.issue(), event="", **on), "open", permissions=held)
    return heard(log, lambda: open_job(job, clock=here.clock), lambda: watch(job, clock=here.clock))


def shipping(here: Place, held: Held, log: Log, sends: bool = True) -> str:
    """ship, send (the swarm's part only), and close whatever happened, as the workflows have it."""
    ticket = admitted(here, here.issue())
    bundle = handed(here, ticket)
    first = here.job(ticket, "open", run=7)
    open_job(first, clock=here.clock)
    job = here.job(ticket, "ship", run=7, needs=needs(first, bundle), permissions=held)
    return heard(
        log,
        lambda: ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock),
        *([lambda: send(job, clock=here.clock)] if sends else []),
    ) + heard(log, lambda: close(job, clock=here.clock))


def posting(here: Place, held: Held, log: Log) -> str:
    pull = opened(here)
    ticket = admitted(
        here, 0, event="comment 3", purpose="review", pull=pull.number, head=pull.head, head_sha=pull.head_sha
    )
    first = here.job(ticket, "open", run=9)
    open_job(first, clock=here.clock)
    told = {name: {"result": "success", "outputs": {}} for name in ("gate", "open", "work")}
    told["open"]["outputs"] = outputs(first)
    job = here.job(ticket, "ship", run=9, needs=told, permissions=held)
    (job.temp / "review.json").write_text(found(here, pull.head_sha).to_json())
    return heard(log, lambda: post(job, job.temp / "review.json", clock=here.clock))


def ending(here: Place, held: Held, log: Log) -> str:
    """A pull request of the factory was merged: what became of it is looked up and remembered."""
    ticket = admitted(here, here.issue())
    bundle = handed(here, ticket)
    first = here.job(ticket, "open", run=7)
    open_job(first, clock=here.clock)
    job = here.job(ticket, "ship", run=7, needs=needs(first, bundle))
    heard(log, lambda: ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock),
          lambda: close(job, clock=here.clock), lambda: remember(job, clock=here.clock))  # fmt: skip
    made = here.repo.issues[int(outputs(job)["pull"])]
    with here.hub.lock:
        assert made.pull
        made.state, made.pull.merged = "closed", here.hub.now()
    last = here.job(ticket, "outcome", event="repository_dispatch", permissions=held)
    said = heard(log, lambda: outcome(last, clock=here.clock))
    assert outputs(last).get("lines", "") != "0"
    return said


def scanning(here: Place, held: Held, log: Log) -> str:
    """A job of its own after `ship`: what it may not do fails nothing."""
    ticket = admitted(here, here.issue())
    bundle = handed(here, ticket)
    job = here.job(ticket, "scan", run=7, permissions=held)
    folder = bundle.into(job.temp)
    return heard(log, lambda: audited(job, folder, bundle.digest, here.base_sha, "main", clock=here.clock))


def answering(here: Place, held: Held, log: Log, verb: str = "status", pull: bool = False,
               at_work: bool = False) -> str:  # fmt: skip
    number = opened(here).number if pull else here.issue()
    if at_work:
        with here.hub.lock:
            made = runs.start_run(here.hub, here.repo, ".github/workflows/dark-factory-swarm.yml", event="issues")
            made.status = "in_progress"
        open_job(here.job(admitted(here, number), "open", run=made.id), clock=here.clock)
    on = {"pull": number} if pull else {}
    command = Command.model_validate({"verb": verb, **({"amount": "1"} if verb == "budget" else {})})
    ticket = here.ticket(0 if pull else number, event=f"comment {verb}", purpose="answer", command=command, **on)
    job = here.job(ticket, "answer", event="issue_comment", permissions=held,
                   needs={"gate": {"result": "success", "outputs": {"code": "allowed"}}})  # fmt: skip
    said = heard(log, lambda: answer(job, clock=here.clock))
    return "\n".join([said, *here.comments(number)[-1:]])


def routing(here: Place, held: Held, log: Log, pull: str = "", **inputs: str) -> str:
    ticket = admitted(here, here.issue())
    if pull:
        ticket = admitted(here, 0, event="comment 3", purpose="revise", pull=opened(here).number)
    job = here.job(ticket, "route", event="workflow_dispatch", permissions=held, FACTORY_INPUTS=json.dumps(inputs))
    return heard(log, lambda: route(job, clock=here.clock))


def forwarding(here: Place, held: Held, log: Log) -> str:
    payload = {"action": "submitted", "pull_request": {"number": 3}, "review": {"id": 4}}
    job = here.job(here.ticket(1), "forward", event="pull_request_review", payload=payload, permissions=held)
    return heard(log, lambda: route(job, clock=here.clock))


def watching(here: Place, held: Held, log: Log, pull: bool = False) -> str:
    """A run that was lost two days ago: its last word goes to the books and to its issue."""
    on = {"purpose": "revise", "pull": opened(here).number} if pull else {}
    open_job(here.job(admitted(here, 0 if pull else here.issue(), event="", **on), "open", run=17), clock=here.clock)
    here.clock.sleep(49 * 3600)
    job = here.job(here.ticket(1), "watch", event="schedule", permissions=held)
    return heard(log, lambda: watch(job, clock=here.clock))


def moving(here: Place, held: Held, log: Log) -> str:
    """A job that waits for a box which does not come: its run is cancelled, and hosted runners get the errand."""
    with here.hub.lock:
        made = runs.start_run(here.hub, here.repo, ".github/workflows/factory-local.yml", event="issues")
        made.status = "in_progress"
        runs.add_job(here.hub, made, "Work", ("self-hosted", "gpu"))
    number = here.issue()
    open_job(here.job(admitted(here, number, purpose="local"), "open", run=made.id), clock=here.clock)
    here.clock.sleep(3600)
    config = here.folder / "cloud.toml"
    config.write_text('[github]\nbox_offline = "cloud"\n')
    job = here.job(here.ticket(number), "watch", event="schedule", permissions=held)
    said = heard(log, lambda: watch(job, config, clock=here.clock))
    assert [event for event in here.hub.events if event.name == "repository_dispatch"] == []
    return "\n".join([said, *here.comments(number)])
