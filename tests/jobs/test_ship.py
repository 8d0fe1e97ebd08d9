"""ship on the GitHub double: from a handed-over bundle to branch, pull request and the rest, each once."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.ticket import Ticket
from factory.jobs.context import JobContext
from factory.jobs.ship import ship
from factory.jobs.shipped import Shipped, read_shipped
from factory.simulator.hub.faults import Kind, Rule
from factory.simulator.hub.nouns import Issue
from tests.jobs.handed import FAR, FILES, ZERO, Handed, admitted, handed
from tests.jobs.place import Place, outputs, place
from tests.line.targets import git, repository


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def shipped(here: Place, ticket: Ticket, bundle: Handed, code: int = 0, **more: Any) -> tuple[JobContext, Shipped]:
    job = here.job(ticket, "ship", **more)
    assert ship(job, bundle.into(job.temp), bundle.digest, clock=here.clock) == code
    made = read_shipped(job.temp)
    assert made
    return job, made


def pulls(here: Place) -> list[Issue]:
    return [each for each in here.repo.issues.values() if each.pull]


def snapshot(here: Place) -> str:
    """Everything that people see, without the times."""
    rows = [
        (each.number, each.title, each.body, each.state, sorted(each.labels), [c.body for c in each.comments],
         [(r.body, r.commit) for r in each.pull.reviews] if each.pull else [], each.pull.draft if each.pull else None)
        for each in here.repo.issues.values()
    ]  # fmt: skip
    refs = git(here.repo.folder, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads")
    return json.dumps([rows, refs, sorted(map(str, here.repo.extras))], indent=1, default=str)


def test_a_draft_pull_request_with_all_that_belongs_to_it(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    job, made = shipped(here, ticket, handed(here, ticket, broken=True))
    (pull,) = pulls(here)
    assert pull.pull
    assert (pull.pull.draft, pull.pull.base, pull.title) == (True, "main", "Codes at the checkout")
    assert outputs(job) == {
        "pull": str(pull.number), "branch": pull.pull.head, "head_sha": pull.pull.head_sha, "send": "true",
        "code": "delivered",
    }  # fmt: skip
    assert git(here.repo.folder, "rev-parse", pull.pull.head) == made.head_sha
    assert f"For #{number}, " in pull.body
    assert "## Units that brought nothing in" in pull.body
    assert "Approve workflows to run" in pull.body
    assert f"run={ticket.run} kind=pull mac=" in pull.body.splitlines()[-1]
    assert pull.labels == ["factory:draft"]
    (tracking,) = [each for each in here.repo.issues.values() if "factory:tracking" in each.labels]
    assert "- [x] `api` Add two (backend)" in tracking.body
    assert "- [ ] ✗ `page` Show it (frontend): no edit applies" in tracking.body
    assert made.stand == "draft"


def test_accepted_work_is_ready_and_open_findings_stand_on_their_lines(here: Place) -> None:
    ticket = admitted(here, here.issue())
    _, made = shipped(here, ticket, handed(here, ticket, accepted=True, findings=(ZERO, FAR)))
    (pull,) = pulls(here)
    assert pull.pull
    assert (pull.pull.draft, pull.labels, made.stand, made.send) == (False, ["factory:ready"], "ready", False)
    (review,) = pull.pull.reviews
    assert review.state == "COMMENTED"
    assert "2 open findings, 1 on lines of the diff." in review.body
    assert "`README.md:1`: Something elsewhere @\u200boctocat fixes #\u200b1." in review.body
    (note,) = pull.pull.notes
    assert (note.path, note.line) == ("app.py", 6)
    assert "```suggestion\n    return 1 + 1\n```" in note.body


def test_idm_01_a_second_run_of_the_job_changes_nothing(here: Place) -> None:
    """IDM-01, IDM-04: also on a fresh runner, and after the box went on."""
    ticket = admitted(here, here.issue())
    bundle = handed(here, ticket, accepted=True, findings=(ZERO, FAR))
    shipped(here, ticket, bundle, run=5)
    before = snapshot(here)
    posts = here.sent("POST", "/repos/")
    shipped(here, ticket, bundle, run=5, attempt=2)
    assert snapshot(here) == before
    assert here.sent("POST", "/repos/") == posts


def test_a_swarm_s_draft_becomes_ready_when_the_box_is_through(here: Place) -> None:
    ticket = admitted(here, here.issue())
    shipped(here, ticket, handed(here, ticket))
    (pull,) = pulls(here)
    assert pull.pull
    head = pull.pull.head_sha
    shipped(here, ticket.but(depth=1), handed(here, ticket, accepted=True))
    (pull,) = pulls(here)
    assert pull.pull
    assert (pull.pull.draft, pull.labels, pull.pull.head_sha) == (False, ["factory:ready"], head)


@pytest.mark.parametrize("kind", ["lost", "down_after", "dropped"])
@pytest.mark.parametrize("path", ["/pulls$", "/issues$", "/reviews$", "/check-runs$", "/labels$", "/graphql$"])
def test_gha_02_a_lost_answer_doubles_nothing(here: Place, kind: Kind, path: str) -> None:
    """GHA-02: whichever request is lost or unanswered, the same is there in the end, once."""
    ticket = admitted(here, here.issue())
    here.faults.add(Rule(kind, "POST", path))
    shipped(here, ticket, handed(here, ticket, accepted=True, findings=(ZERO,)))
    assert len(pulls(here)) == 1
    assert len([each for each in here.repo.issues.values() if "factory:tracking" in each.labels]) == 1
    (pull,) = pulls(here)
    assert pull.pull
    assert (len(pull.pull.reviews), len(pull.pull.notes), pull.pull.draft) == (1, 1, False)


def close_issue(here: Place, number: int) -> None:
    here.repo.issues[number].state = "closed"


def close_pull(here: Place, number: int) -> None:
    pulls(here)[0].state = "closed"


def delete_branch(here: Place, number: int) -> None:
    (pull,) = pulls(here)
    assert pull.pull
    git(here.repo.folder, "update-ref", "-d", f"refs/heads/{pull.pull.head}")
    pull.state = "closed"  # GitHub closes it with its branch


@pytest.mark.parametrize("what", [close_issue, close_pull, delete_branch])
def test_idm_08_what_a_person_closed_stays_closed(here: Place, what: Callable[[Place, int], None]) -> None:
    """IDM-08: issue closed, pull request closed or branch deleted meanwhile: cancelled_by_human, nothing re-opened."""
    number = here.issue()
    ticket = admitted(here, number)
    shipped(here, ticket, handed(here, ticket))
    what(here, number)
    before = snapshot(here)
    _, made = shipped(here, ticket.but(depth=1), handed(here, ticket, accepted=True))
    assert (made.code, made.stand) == ("cancelled_by_human", "stopped")
    assert snapshot(here) == before


def test_idm_07_a_person_s_push_to_the_branch_is_kept(here: Place, tmp_path: Path) -> None:
    """IDM-07: a force-push by a human during the run: branch_moved, their commit stays."""
    ticket = admitted(here, here.issue())
    shipped(here, ticket, handed(here, ticket))
    (pull,) = pulls(here)
    assert pull.pull
    git(here.clone, "checkout", "-q", "--orphan", "mine")
    git(here.clone, "commit", "-q", "--allow-empty", "-m", "a person's")
    git(here.clone, "push", "-q", "--force", str(here.repo.folder), f"mine:{pull.pull.head}")
    theirs = git(here.clone, "rev-parse", "mine")
    git(here.clone, "checkout", "-q", "main")
    _, made = shipped(here, ticket.but(depth=1), handed(here, ticket, accepted=True), code=1)
    assert made.code == "branch_moved"
    assert git(here.repo.folder, "rev-parse", pull.pull.head) == theirs


def test_wfp_07_no_app_pushes_what_would_start_ci_unless_asked(here: Place) -> None:
    """WFP-07: with an App and start_ci = never the pull request is GITHUB_TOKEN's; with auto it is the App's."""
    from factory.contracts.tables import GithubSettings
    from factory.jobs.wire import pushing, without_app
    from factory.settings import Settings

    both = {"GITHUB_TOKEN": "ghs_x", "FACTORY_APP_ID": "1", "FACTORY_APP_KEY": "pem"}
    assert set(pushing(both, Settings())) == {"GITHUB_TOKEN"}
    assert pushing(both, Settings(github=GithubSettings(start_ci="auto"))) == both
    assert without_app(both) == {"GITHUB_TOKEN": "ghs_x"}, "the books never start anything"
    ticket = admitted(here, here.issue())
    with here.hub.later() as events:
        shipped(here, ticket, handed(here, ticket))
    assert {each.starts for each in events if each.name == "pull_request"} <= {"parked", "no"}
    assert {each.starts for each in events if each.name == "push"} == {"no"}


def test_wfp_08_nothing_is_merged_or_approved(here: Place) -> None:
    """WFP-08: no request merges, approves, dismisses or changes protection; the client refuses them all."""
    ticket = admitted(here, here.issue())
    shipped(here, ticket, handed(here, ticket, accepted=True, findings=(ZERO,)))
    (pull,) = pulls(here)
    assert pull.pull
    assert (pull.state, pull.pull.merged) == ("open", "")
    assert not any(word in path for _, path, _, _ in here.hub.requests for word in ("/merge", "protection", "dismiss"))
    assert {each.state for each in pull.pull.reviews} == {"COMMENTED"}


def test_exf_14_a_run_makes_so_many_things_and_no_more(here: Place) -> None:
    """EXF-14: one pull request, one tracking issue, one review of at most max_inline notes, commits by units."""
    (here.clone / "factory.toml").write_text("[github]\nmax_inline = 3\n")
    ticket = admitted(here, here.issue())
    many = tuple(ZERO.but(id=f"{n:012x}", rule=f"r{n}", start=1 + n % 6) for n in range(60))
    shipped(here, ticket, handed(here, ticket, findings=many))
    (pull,) = pulls(here)
    assert pull.pull
    assert (len(pull.pull.reviews), len(pull.pull.notes), len(pull.comments)) == (1, 3, 0)
    assert int(git(here.repo.folder, "rev-list", "--count", f"main..{pull.pull.head}")) == 2


def test_a_revision_goes_onto_the_branch_of_its_pull_request(here: Place) -> None:
    first = admitted(here, here.issue())
    shipped(here, first, handed(here, first))
    (pull,) = pulls(here)
    assert pull.pull
    body, head = pull.body, pull.pull.head_sha
    git(here.clone, "fetch", "-q", str(here.repo.folder), pull.pull.head)
    ticket = admitted(
        here, 0, event="comment 9", purpose="revise", pull=pull.number, head=pull.pull.head, head_sha=head
    )
    bundle = handed(here, ticket, accepted=True, text=f"{APP_MORE}\n")
    _, made = shipped(here, ticket, bundle)
    (pull,) = pulls(here)
    assert pull.pull
    assert (made.pull, pull.body, pull.pull.draft) == (pull.number, body, False)
    assert git(here.repo.folder, "rev-parse", f"{made.head_sha}~1") == head


APP_MORE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n\n\ndef three():\n    return 3"
