"""What people say on pull requests, and what becomes of them: scenes in which GitHub and people act between the jobs.

Tickets and bundles are made when their turn comes, once: they name what the jobs before have made.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from factory.contracts.change import Change
from factory.contracts.examined import Examined
from factory.contracts.feedback import Feedback
from factory.contracts.finding import Finding
from factory.contracts.hub import ReviewNote
from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.contracts.tables import GithubSettings
from factory.contracts.ticket import Errand, Ticket
from factory.contracts.verdict import Round, Verdict
from factory.forge.connect import connect
from factory.git import Store
from factory.jobs.heard import heard
from factory.simulator.hub import bare, runs
from factory.simulator.hub.nouns import Issue, Pull
from tests.handover.runs import written
from tests.jobs.handed import FAR, ZERO, Handed, admitted, evidence_of, handed
from tests.jobs.place import REPO, Place, outputs
from tests.jobs.test_gate import READ
from tests.line.targets import git
from tests.soak.processes import Command
from tests.soak.scenes import LONGER, Job, Scene, aside, opened, opening, shipping, swarm_of

FEEDBACK, DOCS = "factory-feedback", ".github/workflows/docs.yml"


def pull_of(here: Place) -> tuple[Issue, Pull]:
    """The scene's one pull request."""
    (issue,) = (each for each in here.repo.issues.values() if each.pull)
    assert issue.pull
    return issue, issue.pull


def reviewed_by_ann(here: Place) -> None:
    """One review with two threads: one that is right, one that is not."""
    issue, pull = pull_of(here)
    ann = connect(REPO, here.served.url, {"GITHUB_TOKEN": here.hub.token("ann", REPO)}, here.clock)
    notes = (ReviewNote(path="web.py", line=1, body="Say `fixed`."),
             ReviewNote(path="app.py", line=6, body="Two is not always two."))  # fmt: skip
    ann.review(issue.number, pull.head_sha, "Please look.", notes)


def revised(here: Place) -> Scene:
    """Both threads are answered once, what was fixed is resolved, one comment shows the revision, and its branch has it
    on top."""

    @cache
    def asked() -> tuple[Ticket, Handed]:
        issue, pull = pull_of(here)
        git(here.clone, "fetch", "-q", str(here.repo.folder), pull.head)
        ticket = admitted(here, 0, event=f"{REPO}#{issue.number} review 1", purpose="revise", pull=issue.number,
                          head=pull.head, head_sha=pull.head_sha, seen=here.hub.now())  # fmt: skip
        hub = connect(REPO, here.served.url, here.job(ticket, "hears").environment, here.clock)
        said = heard(ticket, hub, (), GithubSettings(), str)
        ticket = here.ticket(**{**ticket.model_dump(exclude={"signature", "base_sha", "repo"}),
                                "feedback": digest(said.to_json())})  # fmt: skip
        return ticket, handed(here, ticket, text=LONGER, feedback=said.to_json().encode(),
                              then=lambda run, store: _mended(run, store, said))  # fmt: skip

    second: list[Job] = [
        lambda attempt: opening(here, asked()[0], 8)(attempt),
        lambda attempt: shipping(here, asked()[0], 8, asked()[1])(attempt),
    ]
    first = swarm_of(here, admitted(here, here.issue()))
    return Scene(here, [*first, aside(lambda: reviewed_by_ann(here)), *second], known=3, also=lambda: _threads(here))


def _mended(run: Run, store: Store, said: Feedback) -> Run:
    """As Demiurge leaves it: the thread on web.py fixed, the other one declined, then accepted."""
    file = written(store, "web.py", "PAGE = 'fixed'\n")
    tree = store.overlay(run.tree, (file,))
    change = Change(unit="fix-1-1", role="demiurge", title="Say fixed", base=run.tree, files=(file,), models=("qwen",),
                    summary="It says `fixed` now.")  # fmt: skip
    fates = {"web.py": "fixed in fix-1-1", "app.py": "declined: two is two"}
    found = tuple(
        Finding(id=each.id, source=each.source, rule=each.rule, path=each.path, message=each.text,
                fate=fates.get(each.path, "open"))
        for each in said.remarks
    )  # fmt: skip
    evidence, verdict = evidence_of(tree, run.repo.tree), Verdict(decision="ACCEPT", confidence=0.9, model="qwen")
    rounds = (
        Round(n=1, tree=run.tree, findings=found, fixes=("fix-1-1",), evidence=run.evidence, decision="go_on",
              why="what people said"),
        Round(n=2, tree=tree, evidence=evidence, verdict=verdict, decision="accept", why="it holds"),
    )  # fmt: skip
    return run.but(fixes=(change,), fix_trees=(tree,), tree=tree, evidence=evidence, rounds=rounds, verdict=verdict)


def _threads(here: Place) -> list[tuple[str, bool, int]]:
    """Each thread: path, resolved, answers."""
    _, pull = pull_of(here)
    firsts = [note for note in pull.notes if not note.reply_to]
    return [(each.path, bool(each.resolved_by), sum(note.reply_to == each.id for note in pull.notes))
            for each in firsts]  # fmt: skip


def posted(here: Place) -> Scene:
    """`/factory review` of a pull request: one review with its notes, the money, the last word."""

    @cache
    def asked() -> Ticket:
        issue, pull = pull_of(here)
        return admitted(here, 0, event="comment 3", purpose="review", pull=issue.number, head=pull.head,
                        head_sha=pull.head_sha)  # fmt: skip

    def post(attempt: int) -> Iterator[Command]:
        told: dict[str, Any] = {name: {"result": "success", "outputs": {}} for name in ("gate", "work")}
        told["open"] = {"result": "success", "outputs": outputs(opened(here, 9))}
        job = here.job(asked(), "ship", run=9, attempt=attempt, needs=told)
        found = Examined(run="r", base=here.base_sha, head=pull_of(here)[1].head_sha, findings=(ZERO, FAR),
                         tested="pytest: 3 passed", cost=70_000)  # fmt: skip
        (job.temp / "review.json").write_text(found.to_json())
        yield Command("post", job, (job.temp / "review.json",))
        yield Command("close", job)

    first = swarm_of(here, admitted(here, here.issue()))
    return Scene(here, [*first, lambda attempt: opening(here, asked(), 9)(attempt), post], known=2)


def forwarded(here: Place) -> Scene:
    """A review's two numbers are dispatched; the gate of the default branch asks who said what; the box gets one
    errand. The first dispatch comes at least once: the gate knows the event again."""

    def forward(attempt: int) -> Iterator[Command]:
        issue, pull = pull_of(here)
        payload = {"action": "submitted", "pull_request": {"number": issue.number},
                   "review": {"id": pull.reviews[0].id}}  # fmt: skip
        yield Command("route", here.job(here.ticket(1), "forward", run=40, attempt=attempt, payload=payload,
                                        event="pull_request_review"))  # fmt: skip

    first = swarm_of(here, admitted(here, here.issue()))
    jobs = [*first, aside(lambda: reviewed_by_ann(here)), forward, _answered(here)]
    return Scene(here, jobs, known=3, also=lambda: _errands(here))


def _sent(here: Place, name: str) -> list[dict[str, Any]]:
    events = (each.payload for each in here.hub.events if each.name == "repository_dispatch")
    return [event for event in events if event["action"] == name]


def _answered(here: Place) -> Job:
    """The workflow run of each dispatch of feedback: gate, route."""

    def commands(attempt: int) -> Iterator[Command]:
        for n, event in enumerate(_sent(here, FEEDBACK), start=50):
            gate = here.job(here.ticket(1), "gate", run=n, attempt=attempt, event="repository_dispatch",
                            payload={**event, "repository": {"full_name": REPO, "default_branch": "main"}},
                            permissions=READ, FACTORY_GATE_KEY=here.seed)  # fmt: skip
            yield Command("gate", gate, ("feedback", gate.temp / "gate"))
            told = outputs(gate)
            assert told["allowed"] == "true", told
            ticket = Ticket.from_json(told["ticket"])
            yield Command("route", here.job(ticket, "route", run=n, attempt=attempt, event="repository_dispatch"))

    return commands


def _errands(here: Place) -> list[str]:
    """What the box was sent: run and pull request; each once."""
    found = [Errand.model_validate(event["client_payload"]) for event in _sent(here, "factory-revise")]
    assert found, "nothing was sent to the box"
    return [f"{each.run} {each.ticket.pull}" for each in found]


def looked_after(here: Place) -> Scene:
    """Checks fail on the head: the hourly look sends it to be revised, and the box gets one errand a head."""

    def red() -> None:
        _, pull = pull_of(here)
        with here.hub.lock:
            run = runs.start_run(
                here.hub, here.repo, ".github/workflows/ci.yml", event="pull_request", sha=pull.head_sha
            )
            job = runs.add_job(here.hub, run, "test")
            job.status = run.status = "completed"
            job.conclusion, job.log, job.completed = "failure", "boom", here.hub.now()

    jobs = [*swarm_of(here, admitted(here, here.issue())), aside(red), look(here, 40), look(here, 41), _answered(here)]
    return Scene(here, jobs, known=3, also=lambda: _errands(here))


def look(here: Place, run: int, **environment: Any) -> Job:
    """The hourly watchdog."""

    def commands(attempt: int) -> Iterator[Command]:
        yield Command("watch", here.job(here.ticket(1), "watch", run=run, attempt=attempt, event="schedule",
                                        **environment))  # fmt: skip

    return commands


def missed(here: Place) -> Scene:
    """GitHub's trouble ended a workflow run before its lease: its failed jobs run again, once."""
    with here.hub.lock:
        run = runs.start_run(here.hub, here.repo, ".github/workflows/factory-local.yml", event="issues")
        run.status, run.conclusion = "completed", "failure"
    return Scene(here, [look(here, 40), look(here, 41)], also=lambda: (run.attempt, run.status, run.rerun))


def ended(here: Place) -> Scene:
    """A person closes a pull request: what became of it is one line of the shared memory."""
    ticket = admitted(here, here.issue(), purpose="local")
    bundle = handed(here, ticket, accepted=True)

    def close() -> None:
        issue, _ = pull_of(here)
        with here.hub.lock:
            issue.state, issue.closed = "closed", here.hub.now()

    def outcome(attempt: int) -> Iterator[Command]:
        yield Command("outcome", here.job(ticket, "outcome", run=60, attempt=attempt, event="repository_dispatch"))

    return Scene(here, [opening(here, ticket, 7), shipping(here, ticket, 7, bundle), aside(close), outcome], known=3)


def waited(here: Place) -> Scene:
    """What came when the hour was used up waits, cannot be taken up since its workflow run is gone, and is given up
    after three days: its comment says first the one, then the other."""
    limit: dict[str, Any] = {"FACTORY_GITHUB__HOURLY": "1"}
    first, second = (admitted(here, here.issue(), event=f"event {n}") for n in range(2))
    jobs = [opening(here, first, 7, **limit), opening(here, second, 8, **limit),
            aside(lambda: here.clock.sleep(74 * 3600)), look(here, 40, **limit), look(here, 41, **limit)]  # fmt: skip
    return Scene(here, jobs, known=1)


def triggered(here: Place) -> Scene:
    """Another workflow is started. `also`: (how often, how many words about it on the issue)."""
    bare_folder, number = here.repo.folder, here.issue()
    main = bare.branch(bare_folder, "main")
    text = b"on:\n  workflow_dispatch:\njobs:\n  a:\n    runs-on: x\n    steps: []\n"
    made = bare.write_commit(bare_folder, (main,), {DOCS: text}, "docs", here.hub.now())
    bare.set_ref(bare_folder, "refs/heads/main", made, main)
    wanted = json.dumps({"to": "agentic_trigger", "workflow": "docs.yml"})

    def commands(attempt: int) -> Iterator[Command]:
        yield Command("route", here.job(here.ticket(number), "route", run=30, attempt=attempt,
                                        event="workflow_dispatch", FACTORY_INPUTS=wanted))  # fmt: skip

    def also() -> tuple[int, int]:
        started = sum(each.name == "workflow_dispatch" for each in here.hub.events)
        return started, len(here.comments(number))

    return Scene(here, [commands], also=also)


SCENES: dict[str, Callable[[Place], Scene]] = {
    each.__name__: each for each in (revised, posted, forwarded, looked_after, missed, ended, waited)
}
