"""The swarm's and the box's order, decided by GitHub's own evaluator: which jobs run after what happened before."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from factory.simulator.expressions.evaluator import Expressions, Status, expressions
from scripts.workflow_files import workflows

SWARM, BOX = workflows()["dark-factory-swarm"]["jobs"], workflows()["local-agent-worker"]["jobs"]
GATE = {"result": "success", "outputs": {"allowed": "true", "dry_run": "false", "purpose": "swarm", "group": "7"}}
OPEN = {"result": "success", "outputs": {"go": "true", "allowance_usd": "2"}}
SKIPPED: dict[str, Any] = {"result": "skipped", "outputs": {}}


@pytest.fixture(scope="module")
def github() -> Iterator[Expressions]:
    with expressions() as running:
        yield running


def made(result: str = "success", **outputs: str) -> dict[str, Any]:
    return {"result": result, "outputs": {"digest": "d", "artifact": "1", **outputs}}


class Walk:
    """The jobs in their order: each `if:` over the results so far, as GitHub would."""

    def __init__(self, github: Expressions, jobs: Mapping[str, Any], told: Mapping[str, Any], cancelled: bool = False,
                 **variables: str) -> None:  # fmt: skip
        self.github, self.jobs, self.cancelled, self.variables = github, jobs, cancelled, variables
        self.results: dict[str, Any] = {}
        for name, body in jobs.items():
            needs = [body["needs"]] if isinstance(body.get("needs"), str) else body.get("needs", [])
            self.results[name] = told.get(name, made()) if self.runs(body, needs) else SKIPPED

    def runs(self, body: Mapping[str, Any], needs: list[str]) -> bool:
        """success() of a job looks at everything that it came from, not only at what it names."""
        before = self._ancestors(needs)
        fine = all(self.results[name]["result"] == "success" for name in before)
        status = Status(success=fine and not self.cancelled, failure=not fine, cancelled=self.cancelled)
        event = {"event_name": "issues", "event": {"label": {"name": "agent:swarm"}}}
        needed = {name: self.results[name] for name in needs}
        contexts = {"github": event, "needs": needed, "inputs": {}, "vars": self.variables}
        return self.github.holds(body.get("if"), contexts, status)

    def _ancestors(self, needs: list[str]) -> set[str]:
        found = set(needs)
        for name in needs:
            parents = self.jobs[name].get("needs", [])
            found |= self._ancestors([parents] if isinstance(parents, str) else list(parents))
        return found

    @property
    def ran(self) -> list[str]:
        return [name for name, found in self.results.items() if found["result"] != "skipped"]

    def step(self, job: str, key: str, steps: Mapping[str, Any] | None = None, fine: bool = True) -> bool:
        """Would this step of the job run?"""
        body = next(each for each in self.jobs[job]["steps"] if key in (each.get("id"), each.get("name")))
        contexts = {"needs": {name: self.results[name] for name in self.jobs[job]["needs"]}, "steps": steps or {}}
        status = Status(success=fine and not self.cancelled, failure=not fine, cancelled=self.cancelled)
        return self.github.holds(body.get("if"), contexts, status)


def swarm(github: Expressions, cancelled: bool = False, **told: dict[str, Any]) -> Walk:
    found = {name.replace("_", "-"): value for name, value in told.items()}
    plan = made(units='["a","b"]')
    last = {f"collect-{n}": made(units="[]") for n in (1, 2, 3)}
    return Walk(github, SWARM, {"gate": GATE, "open": OPEN, "plan": plan, **last, **found}, cancelled)


ONE_WAVE = ["gate", "open", "plan", "generate-1", "collect-1", "prove", "ship"]
CLOSE = "Settle the money, say the last word"


def test_a_word_on_an_earlier_run_ships_also_when_no_unit_is_left_to_write(github: Expressions) -> None:
    """`only UNIT` of what was written, `retry` after the judge, `skip verify`: the plan hands over `[]`."""
    gate = {**GATE, "outputs": {**GATE["outputs"], "handover": '{"run_id": 1}'}}
    skipped = {f"collect_{n}": made(units="") for n in (1, 2, 3)}
    walk = swarm(github, gate=gate, plan=made(units="[]"), **skipped)
    assert walk.ran == ["gate", "open", "plan", "prove", "ship"]
    assert walk.step("ship", "ship")
    assert swarm(github, plan=made(units="[]")).ran == ["gate", "open", "plan", "ship"], "a new run with nothing to do"
    dry = {**gate, "outputs": {**gate["outputs"], "dry_run": "true"}}
    assert swarm(github, gate=dry, plan=made(units="[]")).ran == ["gate", "open", "plan", "ship"]


def test_one_wave(github: Expressions) -> None:
    walk = swarm(github)
    assert walk.ran == ONE_WAVE
    assert walk.step("ship", "ship")
    assert walk.step("ship", "send", {"ship": {"outputs": {"send": "true"}}})
    assert not walk.step("ship", "send", {"ship": {"outputs": {"send": "false"}}})


def test_three_waves(github: Expressions) -> None:
    walk = swarm(github, collect_1=made(units='["c"]'), collect_2=made(units='["d"]'))
    assert [name for name in walk.ran if name.startswith(("generate", "collect"))] == [
        "generate-1", "collect-1", "generate-2", "collect-2", "generate-3", "collect-3"]  # fmt: skip
    assert walk.ran[-2:] == ["prove", "ship"]


def test_the_bundle_that_is_proved_is_the_last_one_collected(github: Expressions) -> None:
    stage = next(each for each in SWARM["prove"]["steps"] if each.get("id") == "verify")
    for waves in (1, 2, 3):
        needs = {f"collect-{n}": made(digest=str(n)) if n <= waves else SKIPPED for n in (1, 2, 3)}
        assert github.fill(stage["with"]["digest"], {"needs": needs}) == str(waves)


def test_a_failed_unit_does_not_stop_the_others_work(github: Expressions) -> None:
    """One red leg of the matrix: the rest is collected, proved, shipped, in every wave; the workflow run stays red."""
    walk = swarm(github, generate_1=made("failure"), collect_1=made(units='["c"]'), generate_2=made("failure"))
    assert walk.ran == [*ONE_WAVE[:5], "generate-2", "collect-2", "prove", "ship"]
    assert walk.results["generate-1"]["result"] == "failure"
    assert "continue-on-error" not in SWARM["generate-1"]


def test_act_02_no_unit_no_errand_one_word_red(github: Expressions) -> None:
    """ACT-02: all matrix jobs fail: nothing is proved, shipped or sent; the last word is said; red."""
    walk = swarm(github, generate_1=made("failure"), collect_1=made("failure", units="[]", stopped="units_failed"))
    assert walk.ran == ["gate", "open", "plan", "generate-1", "collect-1", "ship"]
    assert not walk.step("ship", "ship")
    assert not walk.step("ship", "send", {"ship": {"outputs": {}}})
    assert walk.step("ship", CLOSE)
    assert [name for name, found in walk.results.items() if found["result"] == "failure"] == ["generate-1", "collect-1"]


def test_no_model_for_hosted_jobs_sends_the_task_to_the_box(github: Expressions) -> None:
    """The ladder: the plan found no endpoint; nothing is shipped, the box gets the whole line."""
    walk = swarm(github, plan=made("failure", units="[]", stopped="no_model"))
    assert walk.ran == ["gate", "open", "plan", "ship"]
    assert walk.step("ship", "send", {"ship": {"outputs": {}}})


def test_a_dry_run_ends_with_the_plan(github: Expressions) -> None:
    walk = swarm(github, gate={**GATE, "outputs": {**GATE["outputs"], "dry_run": "true"}})  # type: ignore[dict-item]  # a literal
    assert walk.ran == ["gate", "open", "plan", "ship"]
    assert not walk.step("ship", "ship")


def test_a_second_delivery_ends_where_the_lease_is_refused(github: Expressions) -> None:
    """IDM-02: `open` says no: no model is asked, nothing is said a second time."""
    walk = swarm(github, open={"result": "success", "outputs": {"go": "false", "code": "duplicate"}})
    assert walk.ran == ["gate", "open"]


def test_an_open_that_died_still_gets_its_last_word(github: Expressions) -> None:
    walk = swarm(github, open={"result": "failure", "outputs": {}})
    assert walk.ran == ["gate", "open", "ship"]
    assert walk.step("ship", CLOSE, fine=False)
    assert not walk.step("ship", "ship", fine=False)


def test_trg_01_a_stranger_is_not_answered_at_all(github: Expressions) -> None:
    """TRG-01: the gate says no and no other job starts; only who may command is told why not."""
    no = {"allowed": "false", "code": "denied:actor_permission", "purpose": ""}
    assert swarm(github, gate={"result": "success", "outputs": no}).ran == ["gate"]
    why = {"allowed": "false", "code": "closed", "purpose": "answer"}
    assert swarm(github, gate={"result": "success", "outputs": why}).ran == ["gate", "refuse"]


def test_a_gate_that_could_not_ask_starts_nothing(github: Expressions) -> None:
    assert swarm(github, gate={"result": "failure", "outputs": {}}).ran == ["gate"]


def test_a_cancelled_run_says_so(github: Expressions) -> None:
    """Cancelled while it plans: nothing after it but the last word."""
    walk = swarm(github, cancelled=True)
    assert "ship" in swarm(github).ran
    assert "generate-1" not in walk.ran
    assert walk.step("ship", CLOSE)


def test_the_box_s_job_ends_in_a_hosted_ship_job(github: Expressions) -> None:
    walk = Walk(github, BOX, {"gate": GATE, "open": OPEN, "work": made("failure", stopped="budget")})
    assert walk.ran == []  # the label is the swarm's
    body = {**BOX, "gate": {**BOX["gate"], "if": "true"}}
    walk = Walk(github, body, {"gate": GATE, "open": OPEN, "work": made("failure", stopped="budget")})
    assert walk.ran == ["gate", "open", "work", "ship"]
    assert walk.step("ship", "ship")  # stopped with what is there
    assert BOX["ship"]["runs-on"] == "ubuntu-24.04"


SCANNING = {"FACTORY_CODE_SCANNING": "on"}
SHIPPED = made(branch="factory/7-x", head_sha="c" * 40)


@pytest.mark.parametrize(
    ("variables", "ship", "fine", "cancelled", "scans"),
    [
        (SCANNING, SHIPPED, True, False, True),
        ({}, SHIPPED, True, False, False),
        ({"FACTORY_CODE_SCANNING": "off"}, SHIPPED, True, False, False),
        (SCANNING, made(branch="", head_sha=""), True, False, False),
        (SCANNING, SHIPPED, False, False, True),  # a unit failed, the draft went out
        (SCANNING, {**SHIPPED, "result": "failure"}, True, False, True),  # its last word could not be said
        (SCANNING, SHIPPED, True, True, False),
    ],
)
def test_code_scanning_hears_of_what_was_delivered_where_the_owner_wants_it(
    github: Expressions, variables: dict[str, str], ship: dict[str, Any], fine: bool, cancelled: bool, scans: bool
) -> None:
    told = {"gate": GATE, "open": OPEN, "plan": made(units='["a"]'), "collect-1": made(units="[]"), "ship": ship,
            "generate-1": made("success" if fine else "failure")}  # fmt: skip
    walk = Walk(github, SWARM, told, cancelled, **variables)
    assert ("scan" in walk.ran) == scans
    box = {**BOX, "gate": {**BOX["gate"], "if": "true"}}
    told = {"gate": GATE, "open": OPEN, "work": made("success" if fine else "failure"), "ship": ship}
    assert ("scan" in Walk(github, box, told, cancelled, **variables).ran) == scans


def comment(issue: dict[str, Any], body: str) -> dict[str, Any]:
    return {"event_name": "issue_comment", "event": {"issue": issue, "comment": {"body": body}}}


@pytest.mark.parametrize(
    ("event", "runs"),
    [
        ({"event_name": "issues", "event": {"label": {"name": "agent:swarm"}}}, ["dark-factory-swarm"]),
        ({"event_name": "issues", "event": {"label": {"name": "agent:local"}}}, ["local-agent-worker"]),
        ({"event_name": "issues", "event": {"label": {"name": "agent:demiurge"}}}, ["local-agent-worker"]),
        ({"event_name": "issues", "event": {"label": {"name": "bug"}}}, []),
        (comment({}, "/factory fix"), ["forge-dispatch"]),
        (comment({"pull_request": {"url": "x"}}, "/factory fix"), ["pr-feedback"]),
        (comment({}, "please /factory fix"), []),
        (comment({"pull_request": {"url": "x"}}, "thanks"), []),
    ],
)
def test_an_event_wakes_one_gate_or_none(github: Expressions, event: dict[str, Any], runs: list[str]) -> None:
    """A run costs a billed minute: what is not for the factory is refused by the first `if:`."""
    found = []
    for name, workflow in workflows().items():
        gate = workflow["jobs"].get("gate")
        if gate and event["event_name"] in workflow["on"] and github.holds(gate["if"], {"github": event, "inputs": {}}):
            found.append(name)
    assert found == runs


def review(**changes: Any) -> dict[str, Any]:
    pull = {"head": {"ref": changes.get("ref", "factory/ab12-x"), "repo": {"full_name": changes.get("repo", "o/r")}}}
    event = {"pull_request": pull, "comment": {"body": changes.get("body", "")}, "review": {"body": "no"}}
    return {"event_name": changes.get("name", "pull_request_review"), "repository": "o/r", "event": event}


@pytest.mark.parametrize(
    ("event", "runs"),
    [
        (review(), True),
        (review(repo="stranger/r"), False),
        (review(ref="feature"), False),
        (review(name="pull_request_review_comment", body="/factory fix this"), True),
        (review(name="pull_request_review_comment", body="a remark of a review"), False),
        (review(name="pull_request"), True),
        (review(name="pull_request", ref="feature"), False),
        ({"event_name": "issue_comment", "repository": "o/r", "event": {}}, False),
    ],
)
def test_reviews_are_forwarded_for_the_factory_s_own_branches_only(
    github: Expressions, event: dict[str, Any], runs: bool
) -> None:
    forward = workflows()["pr-feedback"]["jobs"]["forward"]
    assert github.holds(forward["if"], {"github": event}) is runs


@pytest.mark.parametrize(
    ("told", "runs"), [({"pull": 3, "review": 5}, "gate"), ({"pull": 3, "closed": True}, "outcome")]
)
def test_what_is_closed_is_remembered_and_asks_no_gate(github: Expressions, told: dict[str, Any], runs: str) -> None:
    jobs, event = workflows()["pr-feedback"]["jobs"], {"client_payload": told}
    for name in ("gate", "outcome"):
        happening = {"event_name": "repository_dispatch", "repository": "o/r", "event": event}
        assert github.holds(jobs[name]["if"], {"github": happening}) is (name == runs)


def test_a_fork_s_pull_request_is_reviewed_at_the_pinned_commit(github: Expressions) -> None:
    """No branch of this repository holds a fork's commits: they are fetched by the SHA that the gate pinned."""
    name = "The pull request's commits, which of a fork no branch here holds"
    for purpose in ("review", "revise"):
        walk = Walk(github, BOX, {})
        walk.results["gate"] = {"result": "success", "outputs": {"purpose": purpose}}
        assert walk.step("work", name) == walk.step("work", "review") == (purpose == "review")
    steps = {each.get("name", ""): each for each in BOX["work"]["steps"]}
    assert steps[name]["with"]["ref"] == "${{ needs.gate.outputs.head_sha }}"
    assert "--repo pull --config factory.toml" in steps["Review"]["run"], "the owner's money, not the fork's"
