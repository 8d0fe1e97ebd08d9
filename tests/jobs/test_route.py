"""route on the GitHub double: box, swarm, Copilot, another workflow or people; each thing sent once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.errors import UsageProblem
from factory.contracts.ticket import Command, Errand, Handover, Purpose, Ticket, Verb
from factory.forge.routing import REFINE, SWARM, box_event
from factory.jobs.close import close
from factory.jobs.context import JobContext
from factory.jobs.route import NO_PLAN, NO_RUN, route
from factory.simulator.hub import runs
from factory.simulator.hub.faults import Rule
from scripts.workflow_files import CALLERS, read, workflows
from tests.jobs.handed import FILES, admitted, handed
from tests.jobs.place import Place, outputs, place
from tests.jobs.test_close import dispatched, needs, opened, walked
from tests.line.targets import repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def word(here: Place, number: int, verb: Verb, n: int = 1, **more: Any) -> Ticket:
    command = Command(verb=verb, unit="api" if verb in ("redo", "only") else "")
    facts: dict[str, Any] = {"event": f"comment {verb} {n}", "purpose": "swarm", "command": command, **more}
    return here.ticket(number, **facts)


def routed(here: Place, ticket: Ticket, inputs: dict[str, str] | None = None, **environment: str) -> JobContext:
    told: dict[str, Any] = {"FACTORY_INPUTS": json.dumps(inputs or {}), **environment}
    job = here.job(ticket, "route", event="issue_comment", **told)
    assert route(job, clock=here.clock) == 0
    return job


def errand(here: Place) -> tuple[str, Errand]:
    (told,) = dispatched(here)
    return told["action"], Errand.model_validate(told["client_payload"])


def types_of(on: dict[str, Any]) -> set[str]:
    return set(on.get("repository_dispatch", {}).get("types", ()))


def test_every_dispatch_has_a_workflow_and_a_caller_that_take_it() -> None:
    """A name that nobody listens to would lose the errand without a word."""
    purposes: tuple[Purpose, ...] = ("swarm", "local", "demiurge", "revise", "review")
    sent = {SWARM, REFINE, *(box_event(purpose) for purpose in purposes)}
    ours = {name: types_of(body["on"]) for name, body in workflows().items()}
    assert ours["local-agent-worker"] == sent - {SWARM}
    assert ours["dark-factory-swarm"] == {SWARM}
    for path in CALLERS.glob("*.yml"):
        (job,) = read(path)["jobs"].values()
        assert types_of(read(path)["on"]) == ours[Path(job["uses"].partition("@")[0]).stem], path.name


@pytest.mark.parametrize(
    ("purpose", "event"),
    [("demiurge", "factory-local"), ("local", "factory-local"), ("revise", "factory-revise"),
     ("review", "factory-review")],
)  # fmt: skip
def test_the_box_s_parts_go_to_the_box_whatever_the_cloud_has(here: Place, purpose: str, event: str) -> None:
    ticket = word(here, here.issue(), "fix", purpose=purpose)
    assert outputs(routed(here, ticket, FACTORY_CLOUD="true"))["to"] == "local_agent"
    action, made = errand(here)
    assert (action, made.ticket, made.run, made.handover) == (event, ticket, f"{ticket.run}.1", None)


@pytest.mark.parametrize(("effort", "cloud", "to"), [(8, "true", "swarm"), (3, "true", "local_agent"),
                                                     (8, "", "local_agent")])  # fmt: skip
def test_auto_weighs_effort_and_what_hosted_jobs_can_ask(here: Place, effort: int, cloud: str, to: str) -> None:
    ticket = here.ticket(here.issue(), effort=effort)
    made = outputs(routed(here, ticket, FACTORY_CLOUD=cloud))
    assert made["to"] == to
    assert errand(here)[0] == (SWARM if to == "swarm" else "factory-local")


def test_a_crowded_box_counts_only_runs_that_wait_for_it(here: Place) -> None:
    with here.hub.lock:
        for n in range(4):
            runs.start_run(here.hub, here.repo, ".github/workflows/ci.yml", event="pull_request", title=f"box {n}")
    told: dict[str, Any] = {"FACTORY_CLOUD": "true", "FACTORY_GITHUB__BOX_OFFLINE": "cloud"}
    assert outputs(routed(here, here.ticket(here.issue(), effort=2), **told))["to"] == "local_agent"
    with here.hub.lock:
        for _ in range(2):
            runs.start_run(here.hub, here.repo, ".github/workflows/factory-local.yml", event="issues")
    assert outputs(routed(here, here.ticket(here.issue(), effort=2), **told))["to"] == "swarm"


def test_idm_04_a_second_run_of_the_job_sends_nothing_twice(here: Place) -> None:
    """IDM-04, also when the answer to the dispatch was lost: the run that it started is looked for."""
    ticket = word(here, here.issue(), "fix", purpose="demiurge")
    here.faults.add(Rule("lost", "POST", "/dispatches$"))
    with here.hub.lock:
        runs.start_run(here.hub, here.repo, ".github/workflows/factory-local.yml", event="repository_dispatch",
                       title=f"box {ticket.run}.1")  # fmt: skip
    routed(here, ticket)
    routed(here, ticket)
    assert len(dispatched(here)) == 0, "the run is there already"


def test_an_unsigned_ticket_goes_nowhere_and_the_remedy_is_said(here: Place) -> None:
    number = here.issue()
    routed(here, word(here, number, "fix", purpose="demiurge").but(signature=""), FACTORY_GATE_PUBLIC="")
    assert dispatched(here) == []
    assert "factory init --keys" in here.comments(number)[0]


# words on an earlier run


@pytest.mark.parametrize(("verb", "said"), [("retry", NO_RUN), ("redo", NO_RUN), ("approve", NO_PLAN)])
def test_without_an_earlier_run_there_is_nothing_to_go_on_from(here: Place, verb: Verb, said: str) -> None:
    number = here.issue()
    routed(here, word(here, number, verb))
    assert dispatched(here) == []
    assert said.replace("`", "") in here.comments(number)[0].replace("`", "")


def test_retry_goes_on_from_this_issue_s_bundle_not_from_its_pull_request_s_revision(here: Place) -> None:
    """What was revised later started from another commit: its bundle would be refused by the job that gets it."""
    number = here.issue()
    ticket = admitted(here, number)
    bundle = handed(here, ticket)
    walked(here, ticket, 7, bundle)
    pull = number + 1
    head = here.repo.issues[pull].pull
    assert head
    later = here.ticket(0, event="review 1", purpose="revise", pull=pull, head="factory/x", head_sha=here.base_sha)
    last = here.job(later, "ship", run=9, needs=needs(opened(here, later, 9), bundle))
    assert close(last, clock=here.clock) == 0
    here.hub.events.clear()
    routed(here, word(here, number, "retry"))
    assert errand(here)[1].handover == Handover(run_id=7, artifact_id=77, digest=bundle.digest)


def test_only_a_plan_that_was_shown_is_approved(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    walked(here, ticket, 7, handed(here, ticket))
    here.hub.events.clear()
    routed(here, word(here, number, "approve"))
    assert dispatched(here) == [], "a run that wrote code is no plan that waits"
    plan = admitted(here, number, event="comment plan", dry_run=True)
    bundle = handed(here, plan, waves=[], tree="", evidence=None)
    first = opened(here, plan, 9)
    told = needs(first, generate_1="skipped", collect_1="skipped", prove="skipped")
    told["plan"]["outputs"] = {"digest": bundle.digest, "artifact": "88", "stopped": ""}
    last = here.job(plan, "ship", run=9, needs=told)
    bundle.into(last.temp)
    assert close(last, clock=here.clock) == 0
    routed(here, word(here, number, "approve", 2))
    assert errand(here)[1].handover == Handover(run_id=9, artifact_id=88, digest=bundle.digest)


def test_retry_on_a_pull_request_revises_its_branch_anew(here: Place) -> None:
    """A revision starts from the branch's head: a bundle of the issue's run does not fit it."""
    number = here.issue()
    ticket = admitted(here, number)
    walked(here, ticket, 7, handed(here, ticket))
    here.hub.events.clear()
    routed(here, word(here, 0, "retry", purpose="revise", pull=number + 1, head="factory/x", head_sha=here.base_sha))
    action, made = errand(here)
    assert (action, made.handover) == ("factory-revise", None)


# other destinations


def test_copilot_is_asked_by_name_only_and_only_when_the_owner_allows_it(here: Place) -> None:
    number = here.issue()
    routed(here, here.ticket(number), {"to": "copilot_task"})
    assert "Copilot is not asked" in here.comments(number)[0]
    assert here.sent("POST", "/assignees") == 0


def test_another_workflow_is_started_once(here: Place) -> None:
    ticket = here.ticket(here.issue())
    wanted = {"to": "agentic_trigger", "workflow": "docs.yml", "workflow_inputs": '{"a": "b"}'}
    for _ in range(2):
        routed(here, ticket, wanted)
    tried = [path for verb, path, _, _ in here.hub.requests if verb == "POST" and path.endswith("docs.yml/dispatches")]
    assert len(tried) == 1


@pytest.mark.parametrize(
    "wanted",
    [{"to": "moon"}, {"to": "agentic_trigger", "workflow": "../x.yml"}, {"to": "agentic_trigger", "workflow": "x"},
     {"to": "agentic_trigger", "workflow": "a.yml", "workflow_inputs": "["},
     {"to": "agentic_trigger", "workflow": "a.yml", "workflow_inputs": '{"a": 1}'}],
)  # fmt: skip
def test_nonsense_is_refused_with_what_to_write(here: Place, wanted: dict[str, str]) -> None:
    with pytest.raises(UsageProblem):
        routed(here, here.ticket(here.issue()), wanted)
    assert here.sent("POST") == 0


def test_notify_says_it_to_people_once(here: Place) -> None:
    number = here.issue()
    ticket = here.ticket(number)
    for _ in range(2):
        routed(here, ticket, {"to": "notify"})
    assert len(here.comments(number)) == 1


def test_a_review_event_passes_two_numbers_on_and_nothing_that_anybody_wrote(here: Place) -> None:
    payload = {"action": "submitted", "pull_request": {"number": 5, "title": "`id`"},
               "review": {"id": 77, "body": "$(id)"}}  # fmt: skip
    job = here.job(here.ticket(1), "forward", event="pull_request_review", payload=payload, FACTORY_TICKET="",
                   permissions={"contents": "write"})  # fmt: skip
    assert route(job, clock=here.clock) == 0
    (told,) = dispatched(here)
    assert (told["action"], told["client_payload"]) == ("factory-feedback", {"pull": 5, "review": 77})
