"""With an App: who writes what, and what starts by itself. WFP-07."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.jobs.close import close
from factory.jobs.open import open as open_job
from factory.jobs.ship import ship
from factory.simulator.hub.apps import register
from tests.jobs.handed import FILES, admitted, handed
from tests.jobs.place import REPO, SHIP, Place, place
from tests.jobs.test_close import needs
from tests.jobs.test_ship import pulls
from tests.line.targets import repository

APP, ACTIONS = "our-factory[bot]", "github-actions[bot]"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


@pytest.mark.parametrize(
    ("start_ci", "by", "starts", "said"),
    [("never", ACTIONS, {"parked"}, "do not start by themselves"), ("auto", APP, {"yes"}, "start by themselves")],
)
def test_wfp_07_only_auto_lets_the_app_push_what_starts_ci(
    here: Place, app_keys: tuple[str, str], start_ci: str, by: str, starts: set[str], said: str
) -> None:
    """WFP-07: comments are the App's; branch and pull request only with start_ci = "auto"; the books never."""
    app = register(here.hub, "our-factory", {**SHIP, "metadata": "read"}, here.repo, pem=app_keys[1])
    environment = {"FACTORY_APP_ID": str(app.id), "FACTORY_APP_KEY": app_keys[0]}
    (here.clone / "factory.toml").write_text(f'[github]\nstart_ci = "{start_ci}"\n')
    number = here.issue()
    ticket = admitted(here, number)
    bundle = handed(here, ticket)
    with here.hub.later() as events:
        for attempt in (1, 2):
            first = here.job(ticket, "open", run=7, attempt=attempt, **environment)
            assert open_job(first, clock=here.clock) == 0
            job = here.job(ticket, "ship", run=7, attempt=attempt, needs=needs(first, bundle), **environment)
            assert ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock) == 0
            assert close(job, clock=here.clock) == 0
    (pull,) = pulls(here)
    assert pull.author == by
    assert [each.author for each in here.repo.issues[number].comments] == [APP]
    assert {each.starts for each in events if (each.name, each.action) == ("pull_request", "opened")} == starts
    pushes = {each.ref.removeprefix("refs/heads/").split("/")[0]: each.starts for each in events if each.name == "push"}
    assert pushes == {"factory-ledger": "no", "factory": "yes" if start_ci == "auto" else "no"}
    assert said in here.comments(number)[0]
    assert here.sent("POST", f"/repos/{REPO}/pulls") >= 1
