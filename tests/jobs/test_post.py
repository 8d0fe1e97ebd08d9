"""post on the GitHub double: a review's findings on the lines of the diff, once, about the commit that was asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import Refusal
from factory.contracts.examined import Examined
from factory.contracts.hub import PullInfo
from factory.forge.connect import connect
from factory.jobs.close import close
from factory.jobs.open import open as open_job
from factory.jobs.post import post, post_findings
from tests.jobs.handed import FAR, FILES, ZERO, admitted, handed
from tests.jobs.place import REPO, Place, outputs, place
from tests.jobs.test_ship import pulls, shipped
from tests.line.targets import repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def opened(here: Place) -> PullInfo:
    ticket = admitted(here, here.issue())
    shipped(here, ticket, handed(here, ticket))
    (pull,) = pulls(here)
    assert pull.pull
    return PullInfo(
        number=pull.number, title=pull.title, body="", author={"login": "x", "id": 1}, state="open",  # type: ignore[arg-type]  # a record from its fields
        head=pull.pull.head, head_repo=REPO, head_sha=pull.pull.head_sha, base="main", base_sha=pull.pull.base_sha,
    )  # fmt: skip


def found(here: Place, head: str) -> Examined:
    return Examined(
        run="r", base=here.base_sha, head=head, findings=(ZERO, FAR), tested="pytest: 3 passed", cost=70_000
    )


def test_findings_become_one_review_and_the_money_is_settled(here: Place) -> None:
    pull = opened(here)
    ticket = admitted(
        here, 0, event="comment 3", purpose="review", pull=pull.number, head=pull.head, head_sha=pull.head_sha
    )
    first = here.job(ticket, "open", run=9)
    open_job(first, clock=here.clock)
    told = {name: {"result": "success", "outputs": {}} for name in ("gate", "open", "work")}
    told["open"]["outputs"] = outputs(first)
    for attempt in (1, 2):
        job = here.job(ticket, "ship", run=9, attempt=attempt, needs=told)
        (job.temp / "review.json").write_text(found(here, pull.head_sha).to_json())
        assert post(job, job.temp / "review.json", clock=here.clock) == 0
        assert close(job, clock=here.clock) == 0
    (there,) = pulls(here)
    assert there.pull
    (review,) = there.pull.reviews
    assert (review.state, len(there.pull.notes)) == ("COMMENTED", 1)
    assert "pytest: 3 passed" in review.body
    assert "@octocat" not in review.body
    assert "2 findings posted as a review" in there.comments[-1].body
    assert [row["spent"] for row in here.ledger() if row["kind"] == "close"] == [70_000]


def test_findings_about_another_commit_are_not_posted(here: Place) -> None:
    pull = opened(here)
    ticket = admitted(here, 0, event="c", purpose="review", pull=pull.number, head=pull.head, head_sha=pull.head_sha)
    job = here.job(ticket, "ship")
    (job.temp / "review.json").write_text(found(here, "b" * 40).to_json())
    with pytest.raises(Refusal, match="ask again"):
        post(job, job.temp / "review.json", clock=here.clock)
    (job.temp / "review.json").write_text("{half")
    with pytest.raises(Refusal, match="no findings"):
        post(job, job.temp / "review.json", clock=here.clock)
    assert pulls(here)[0].pull.reviews == []  # type: ignore[union-attr]  # it is a pull request


def test_a_person_posts_from_the_command_line_once(here: Place) -> None:
    pull = opened(here)
    environment = {"GITHUB_TOKEN": here.hub.token("ann", REPO), "GITHUB_SERVER_URL": here.served.server_url}
    hub = connect(REPO, here.served.url, environment, here.clock)
    for _ in range(2):
        said = post_findings(hub, REPO, pull.number, found(here, pull.head_sha), environment)
    assert said == f"2 findings posted as a review of {REPO}#{pull.number}."
    (there,) = pulls(here)
    assert there.pull
    assert [review.author for review in there.pull.reviews] == ["ann"]
