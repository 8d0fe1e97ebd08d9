"""Runner minutes: what hosted runners worked, not what waited, was skipped, or ran on the box."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.books import Row
from factory.contracts.hub import WorkflowJob
from factory.forge.stays import stays
from factory.jobs.close import close
from factory.jobs.minutes import hosted
from factory.jobs.open import open as open_job
from factory.simulator.hub import runs
from factory.simulator.hub.nouns import Level
from tests.jobs.handed import FILES, admitted, handed
from tests.jobs.place import SHIP, Place, place
from tests.jobs.test_close import needs
from tests.line.targets import factory, git, repository

NOW = "2026-11-20T12:10:00Z"


def job(**facts: object) -> WorkflowJob:
    known = {"id": 1, "name": "plan", "status": "completed", "started": "2026-11-20T12:00:00Z",
             "completed": "2026-11-20T12:03:30Z", "labels": ("ubuntu-latest",)}  # fmt: skip
    return WorkflowJob.model_validate({**known, **facts})


def test_jobs_that_ended_and_those_at_work_count() -> None:
    assert hosted([job(), job(name="prove", status="in_progress", completed="")], NOW) == 13.5


def test_each_attempt_counts_and_what_it_only_lists_again_does_not() -> None:
    again = job(id=2, started="2026-11-20T12:05:00Z", completed="2026-11-20T12:06:00Z")
    assert hosted([job(), job(id=3), again], NOW) == 4.5


def test_the_box_and_what_never_ran_do_not() -> None:
    others = [job(labels=("self-hosted", "gpu")), job(status="queued", completed=""), job(conclusion="skipped"),
              job(started="", completed="")]  # fmt: skip
    assert hosted(others, NOW) == 0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made


def closed(here: Place, permissions: dict[str, Level]) -> tuple[Row, ...]:
    """The books after a workflow run whose plan took three minutes, and whose ship job runs for one; the box's too."""
    with here.hub.lock:
        run = runs.start_run(here.hub, here.repo, ".github/workflows/dark-factory-swarm.yml", event="issues")
        made = [runs.add_job(here.hub, run, name, labels) for name, labels in
                (("Plan", ("ubuntu-24.04",)), ("Work", ("self-hosted", "gpu")))]  # fmt: skip
        for job in made:
            job.status, job.started = "in_progress", here.hub.now()
    ticket = admitted(here, here.issue())
    first = here.job(ticket, "open", run=run.id)
    open_job(first, clock=here.clock)
    here.clock.sleep(180)
    with here.hub.lock:
        for job in made:
            job.status, job.conclusion, job.completed = "completed", "success", here.hub.now()
        last = runs.add_job(here.hub, run, "Ship", ("ubuntu-24.04",))
        last.status, last.started = "in_progress", here.hub.now()
    here.clock.sleep(60)
    bundle = handed(here, ticket)
    ship = here.job(ticket, "ship", run=run.id, needs=needs(first, bundle), permissions=permissions)
    close(ship, clock=here.clock)
    return tuple(map(Row.model_validate, here.ledger()))


def test_the_end_of_a_run_tells_the_books(here: Place) -> None:
    rows = closed(here, SHIP)
    (found,) = stays(rows)
    assert found.minutes == pytest.approx(4, abs=0.2)
    assert (found.run, found.origin, found.at) == (rows[0].run, rows[0].run, rows[-1].at)
    assert stays(rows[:1])[0].minutes is None, "no end yet"


def test_the_cost_of_a_month_reads_them_on_github(here: Place, tmp_path: Path) -> None:
    """On a machine that has never heard of the run; and it is said where there are no books."""
    at = closed(here, SHIP)[-1].at
    token = here.hub.token("x", here.repo.full_name, {"contents": "read"}, "actions")
    asked = ("ledger", "cost", "--month", at[:7], "--json", "--books")

    def said() -> subprocess.CompletedProcess[str]:
        return factory(tmp_path / "state", *asked, here.repo.full_name, GITHUB_SERVER_URL=here.served.server_url,
                       GITHUB_TOKEN=token)  # fmt: skip

    told = json.loads(said().stdout)
    assert (told["runner_minutes"], told["runner_unknown"]) == (pytest.approx(4, abs=0.2), 0)
    git(here.repo.folder, "update-ref", "-d", "refs/heads/factory-ledger")
    done = said()
    assert (done.returncode, "no branch factory-ledger yet" in done.stderr) == (2, True), done.stderr


def test_what_github_does_not_tell_is_not_known_and_never_nothing(here: Place) -> None:
    may_not: dict[str, Level] = {name: level for name, level in SHIP.items() if name != "actions"}
    rows = closed(here, may_not)
    assert rows[-1].kind == "close"
    assert "minutes" not in here.ledger()[-1]
    assert stays(rows)[0].minutes is None
