"""Any job killed and run again, any answer lost: no duplicate, nothing missing. On the GitHub double, with real git."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.contracts.errors import FactoryError
from factory.contracts.ticket import Ticket
from factory.forge.tickets import sign
from factory.jobs.close import close
from factory.jobs.context import JobContext
from factory.jobs.open import open as open_job
from factory.jobs.send import send
from factory.jobs.ship import ship
from factory.simulator.hub.faults import Kind, Rule
from factory.simulator.hub.routes import Answer, Call
from tests.jobs.handed import FILES, ZERO, Handed, admitted, handed
from tests.jobs.place import Place, outputs, place
from tests.jobs.test_close import needs
from tests.line.targets import git, repository

LOST: tuple[Kind, ...] = ("lost", "down_after", "dropped", "down")


class Ended(FactoryError):
    """A job of the walk ended red."""


def seen(here: Place) -> str:
    """What people see, without ids and times: what must be the same however often a job was run."""
    rows = []
    for each in sorted(here.repo.issues.values(), key=lambda each: each.number):
        reviews = [review.body for review in each.pull.reviews] if each.pull else []
        notes = [(note.path, note.line, note.body) for note in each.pull.notes] if each.pull else []
        state = (each.pull.draft, each.pull.head, each.pull.head_sha) if each.pull else ()
        rows.append((each.title, each.body, each.state, sorted(each.labels), [c.body for c in each.comments], reviews,
                     notes, state))  # fmt: skip
    books = sorted((row["id"], row["kind"], row.get("spent", 0), row.get("state", "")) for row in here.ledger())
    sent = [each.payload["action"] for each in here.hub.events if each.name == "repository_dispatch"]
    refs = git(here.repo.folder, "for-each-ref", "--format=%(refname)", "refs/heads").split()
    text = json.dumps([rows, books, sent, refs], indent=1, ensure_ascii=False)
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    return re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?|\b[0-9a-f]{40}\b|comment-\d+", "…", text)


def walk(here: Place, ticket: Ticket, bundle: Handed, attempt: int) -> None:
    """open and ship, send, close: the writing jobs of one workflow run, each on a fresh machine."""
    first = here.job(ticket, "open", run=7, attempt=attempt)
    open_job(first, clock=here.clock)
    job = here.job(ticket, "ship", run=7, attempt=attempt, needs=needs(first, bundle))
    _shipped(here, job, bundle)


def _shipped(here: Place, job: JobContext, bundle: Handed) -> None:
    if ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock):
        raise Ended(outputs(job)["code"])
    assert outputs(job)["send"] == "true"
    assert send(job, clock=here.clock) == 0
    assert close(job, clock=here.clock) == 0


def started(here: Place) -> tuple[Ticket, Handed]:
    ticket = admitted(here, here.issue())
    return ticket, handed(here, ticket)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """What an undisturbed walk leaves, and how many API requests it makes."""
    with place(tmp_path_factory.mktemp("whole"), lambda folder: repository(folder, FILES)) as here:
        walk(here, *started(here), attempt=1)
        return seen(here), len(here.hub.requests)


def test_a_whole_walk_takes_few_requests(whole: tuple[str, int]) -> None:
    assert whole[1] <= 40


def test_run_again_from_the_start_nothing_changes(whole: tuple[str, int], tmp_path: Path) -> None:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as here:
        ticket, bundle = started(here)
        walk(here, ticket, bundle, attempt=1)
        _dispatched_run(here, ticket)
        again = here.job(ticket, "ship", run=7, attempt=2, needs=needs(here.job(ticket, "open", run=7), bundle))
        _shipped(here, again, bundle)
        assert seen(here) == whole[0]


def _dispatched_run(here: Place, ticket: Ticket) -> None:
    """What GitHub does with a dispatch: a workflow run with its name."""
    from factory.simulator.hub import runs

    with here.hub.lock:
        made = runs.start_run(
            here.hub, here.repo, ".github/workflows/local-agent-worker.yml", event="repository_dispatch"
        )
        made.title = f"box {ticket.run}.1"


class Dying:
    """From its n-th request on the job has lost GitHub for good; the n-th itself was done, or was not."""

    def __init__(self, here: Place, n: int, done: bool) -> None:
        self.n, self.done, self.asked = n, done, 0
        self._before, self._after = here.faults.before, here.faults.after
        here.hub.faults = self  # type: ignore[assignment]  # it is one of the protocol's shape

    def attach(self, hub: object) -> None:
        """Nothing to know."""

    def before(self, call: Call) -> Answer | None:
        self.asked += 1
        if self.asked >= self.n and not self.done:
            return Answer(401, {"message": "Bad credentials"})
        return self._before(call)

    def after(self, call: Call, answer: Answer) -> Answer:
        """From the n-th on the job learns nothing more: its token is gone."""
        if self.asked >= self.n and self.done:
            return Answer(401, {"message": "Bad credentials"})
        return self._after(call, answer)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(n=st.integers(1, 24), done=st.booleans())
def test_gha_02_a_job_that_dies_at_any_request_and_is_run_again(
    whole: tuple[str, int], tmp_path_factory: pytest.TempPathFactory, n: int, done: bool
) -> None:
    """IDM-04, GHA-02: at its n-th request the job loses GitHub for good, that request done or not; a second attempt on
    a fresh machine ends as an undisturbed one."""
    with place(tmp_path_factory.mktemp("dying"), lambda folder: repository(folder, FILES)) as here:
        ticket, bundle = started(here)
        dying = Dying(here, n, done)
        with contextlib.suppress(FactoryError):
            walk(here, ticket, bundle, attempt=1)
        here.hub.faults = here.faults
        if any(each.name == "repository_dispatch" for each in here.hub.events):
            _dispatched_run(here, ticket)
        assert dying.asked >= 1
        here.clock.sleep(60)
        walk(here, ticket, bundle, attempt=2)
        assert seen(here) == whole[0]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(struck=st.lists(st.tuples(st.sampled_from(LOST), st.sampled_from(("POST", "PATCH", "GET")), st.integers(0, 12)),
                       min_size=1, max_size=3))  # fmt: skip
def test_gha_02_any_answers_lost(
    whole: tuple[str, int], tmp_path_factory: pytest.TempPathFactory, struck: list[tuple[Kind, str, int]]
) -> None:
    """GHA-02: answers lost or never made at any requests; one walk, and where it gave up a second, end the same."""
    with place(tmp_path_factory.mktemp("lossy"), lambda folder: repository(folder, FILES)) as here:
        here.faults.add(*(Rule(kind, method, skip=skip) for kind, method, skip in struck))
        ticket, bundle = started(here)
        try:
            walk(here, ticket, bundle, attempt=1)
        except FactoryError:
            here.faults.clear()
            if any(each.name == "repository_dispatch" for each in here.hub.events):
                _dispatched_run(here, ticket)
            here.clock.sleep(60)
            walk(here, ticket, bundle, attempt=2)
        assert seen(here) == whole[0]
        assert here.hub.violations == []


def test_a_label_is_there_once_after_all(whole: tuple[str, int]) -> None:
    assert whole[0].count("factory:draft") == 1
    assert ZERO.id not in whole[0]


def test_all_jobs_run_again_days_later_dispatch_nothing_twice(whole: tuple[str, int], tmp_path: Path) -> None:
    """The gate issues a new ticket for the same run: what the attempt before made is older than that."""
    with place(tmp_path, lambda folder: repository(folder, FILES)) as here:
        ticket, bundle = started(here)
        walk(here, ticket, bundle, attempt=1)
        _dispatched_run(here, ticket)
        here.clock.sleep(3 * 86_400)
        anew = sign(ticket.but(issued=here.hub.now()), here.seed)
        walk(here, anew, bundle, attempt=2)
        assert sum(each.name == "repository_dispatch" for each in here.hub.events) == 1
        assert sum("kind=status" in text for text in here.comments(1)) == 1
