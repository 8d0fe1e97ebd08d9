"""ship on the GitHub double: what it refuses, what it cannot do, and how it says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.errors import HubForbidden, HubProblem
from factory.jobs.ship import ship
from factory.jobs.shipped import read_shipped
from tests.jobs.handed import APP, FILES, Handed, admitted, handed
from tests.jobs.place import SHIP, Place, outputs, place
from tests.jobs.test_ship import pulls, shipped
from tests.line.targets import repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"path": ".github/workflows/x.yml", "text": "on: push\n", "forged": True}, "protected_path"),
        ({"text": f"{APP}\nKEY = 'AKIA{'Q' * 16}'\n"}, "secret_in_diff"),
        ({"text": APP + "x = 1\n" * 4000}, "too_big"),
    ],
)
def test_what_is_refused_is_said_and_nothing_is_published(here: Place, changes: dict[str, Any], code: str) -> None:
    (here.clone / "factory.toml").write_text("[github]\nmax_kib = 10\n")
    ticket = admitted(here, here.issue())
    job, made = shipped(here, ticket, handed(here, ticket, **changes), code=1)
    assert (made.code, made.stand) == (code, "failed")
    assert "the artifact of the run holds the change" in made.sentence
    assert pulls(here) == []
    assert outputs(job)["send"] == "false"


def test_pit_11_where_it_goes_is_the_ticket_s_word(here: Place) -> None:
    """PIT-11: another base, issue, run or pull request in run.json is not acted on; the base is the ticket's."""
    number = here.issue()
    ticket = admitted(here, number)
    bundle = handed(here, ticket)
    for told in (
        bundle.run.event.model_dump() | {"number": "99"},
        bundle.run.event.model_dump() | {"pull": 3, "branch": "factory/other"},
    ):
        _, made = shipped(here, ticket, handed(here, ticket, event=told), code=1)
        assert made.code == "not_allowed"
    _, made = shipped(here, admitted(here, number, event="another"), bundle, code=1)
    assert made.code == "not_allowed"
    moved = bundle.run.repo.model_dump() | {"ref": "release/1"}
    shipped(here, ticket, handed(here, ticket, repo=moved))
    (pull,) = pulls(here)
    assert pull.pull
    assert pull.pull.base == "main"


def test_a_bundle_without_its_digest_is_not_acted_on(here: Place) -> None:
    ticket = admitted(here, here.issue())
    bundle = handed(here, ticket)
    for told, code in (("", "untrusted_artifact"), ("0" * 64, "digest_mismatch")):
        _, made = shipped(here, ticket, Handed(bundle.run, bundle.folder, told), code=1)
        assert made.code == code
    assert here.hub.requests == []


def test_a_run_that_stopped_with_checked_work_keeps_it_as_a_draft(here: Place) -> None:
    ticket = admitted(here, here.issue())
    stop = {"reason": "budget", "message": "The budget is used up.", "stage": "refine"}
    _, made = shipped(here, ticket, handed(here, ticket, stopped=stop))
    assert (made.code, made.stand, made.send) == ("delivered", "draft", False)
    assert "budget" in pulls(here)[0].body
    assert "budget" in made.sentence


def test_a_run_that_failed_ships_nothing(here: Place) -> None:
    ticket = admitted(here, here.issue())
    stop = {"reason": "internal_error", "message": "A bug.", "stage": "verify"}
    _, made = shipped(here, ticket, handed(here, ticket, stopped=stop), code=1)
    assert (made.code, made.stand, made.sentence) == ("internal_error", "failed", "A bug.")
    assert pulls(here) == []


def test_actions_that_may_open_no_pull_requests_are_told_how(here: Place) -> None:
    here.repo.actions_may_open_pulls = False
    ticket = admitted(here, here.issue())
    bundle = handed(here, ticket)
    job = here.job(ticket, "ship")
    with pytest.raises(HubProblem):
        ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock)
    made = read_shipped(job.temp)
    assert made
    assert "Allow GitHub Actions to create and approve pull requests" in made.sentence


@pytest.mark.parametrize("missing", ["contents", "pull_requests", "issues"])
def test_each_permission_is_needed(here: Place, missing: str) -> None:
    ticket = admitted(here, here.issue())
    bundle = handed(here, ticket)
    held = {name: level for name, level in SHIP.items() if name != missing} | {"metadata": "read"}
    job = here.job(ticket, "ship", permissions=held)  # type: ignore[arg-type]  # levels
    with pytest.raises((HubForbidden, HubProblem)):
        ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock)
    assert read_shipped(job.temp)
