"""What the box's gate hears of a pull request on the double, and what is replied to it, once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.change import Change
from factory.contracts.feedback import Feedback, Remark
from factory.contracts.finding import Finding
from factory.contracts.hub import ReviewNote
from factory.contracts.run import Commit, Delivery, Repo, Run
from factory.contracts.tables import GithubSettings
from factory.contracts.task import Event
from factory.contracts.ticket import Decision, Ticket
from factory.contracts.verdict import Round
from factory.forge.connect import connect
from factory.forge.github import GitHub
from factory.jobs.heard import heard, with_feedback
from factory.jobs.reply import answer, replies_of
from factory.jobs.wire import site
from factory.simulator.hub import bare, runs
from tests.forge.answering import TestClock
from tests.jobs.place import REPO, Place, place
from tests.line.targets import repository

FILES: dict[str, str | bytes] = {"app.py": "def one():\n    return 1\n", "web.py": "PAGE = 'old'\n"}
BRANCH = "factory/1-codes-0123abcd"
LOG = "2026-11-21T10:00:00.0000000Z FAILED tests/test_app.py::test_one - AssertionError: token ghp_0123456789abcdef\n"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        head = bare.write_commit(
            made.repo.folder,
            (bare.branch(made.repo.folder, "main"),),
            {"web.py": b"PAGE = 'mine'\n"},
            "c",
            made.hub.now(),
        )
        bare.set_ref(made.repo.folder, f"refs/heads/{BRANCH}", head)
        ours(made).open_pull("T", "B", BRANCH, "main", False)
        yield made
        assert made.hub.violations == []


def ours(here: Place) -> GitHub:
    return connect(REPO, here.served.url, here.job(here.ticket(0), "x").environment, here.clock)


def ann(here: Place) -> GitHub:
    return connect(REPO, here.served.url, {"GITHUB_TOKEN": here.hub.token("ann", REPO)}, TestClock())


def number(here: Place) -> int:
    return next(each.number for each in here.repo.issues.values() if each.pull)


def ticket(here: Place) -> Ticket:
    pull = here.repo.issues[number(here)].pull
    assert pull
    return here.ticket(0, purpose="revise", pull=number(here), event="review 1", head=BRANCH, head_sha=pull.head_sha,
                       seen=here.hub.now())  # fmt: skip


def listen(here: Place) -> Feedback:
    return heard(
        ticket(here), ours(here), (), GithubSettings(), lambda text: text.replace("ghp_0123456789abcdef", "***")
    )


def say(here: Place, body: str) -> None:
    pull = here.repo.issues[number(here)].pull
    assert pull
    ann(here).review(number(here), pull.head_sha, "", (ReviewNote(path="web.py", line=1, body=body),))


def test_threads_and_red_checks_are_heard_with_secrets_taken_out(here: Place) -> None:
    say(here, "Say `ours`.\n```suggestion\nPAGE = 'ours'\n```")
    pull = here.repo.issues[number(here)].pull
    assert pull
    run = runs.start_run(here.hub, here.repo, ".github/workflows/ci.yml", event="pull_request", sha=pull.head_sha)
    job = runs.add_job(here.hub, run, "test")
    job.status = run.status = "completed"
    job.conclusion, job.log, job.completed = "failure", LOG, here.hub.now()
    check, thread = listen(here).remarks  # what must be comes first
    assert (thread.rule, thread.suggestion, thread.path, thread.end) == ("suggestion", "PAGE = 'ours'\n", "web.py", 1)
    assert thread.thread.startswith("PRRT_")
    assert (check.rule, check.path, check.must, check.source) == ("failing-test", "tests/test_app.py", True, "ci.test")
    assert "AssertionError: token ***" in check.text
    assert listen(here) == listen(here), "the same again gives the same digest"


def test_nothing_to_answer_is_said_and_starts_nothing(here: Place) -> None:
    made, text = with_feedback(Decision(code="allowed", ticket=ticket(here)), ours(here), (), GithubSettings(), str)
    assert (made.code, text) == ("not_for_us", "")
    assert "nothing to revise" in made.say


def finished(remark: Remark, fate: str, **facts: Any) -> Run:
    item = Finding(id=remark.id, source=remark.source, rule=remark.rule, message=remark.text, fate=fate)
    change = Change(unit="fix-1-1", role="demiurge", title="Fix", base="b", summary="It says `ours`, @octocat.")
    known: dict[str, Any] = {
        "id": "gh-3-0123456789ab", "created": "2026-11-21T10:00:00Z", "tree": "t",
        "repo": Repo(path="x", ref="main", commit="c" * 40, tree="b"),
        "rounds": (Round(n=1, tree="b", findings=(item,)),),
        "event": Event(kind="issue", source="x", feedback=Feedback(pull=1, head_sha="a" * 40, remarks=(remark,))),
        "fixes": (change,), "fix_trees": ("t",),
        "delivery": Delivery(branch=BRANCH, commits=(Commit(sha="d" * 40, unit="fix-1-1", title="Fix"),)),
    }  # fmt: skip
    return Run.model_validate({**known, **facts})


def reply(here: Place, run: Run, changed: bool = True) -> int:
    job = here.job(ticket(here), "ship", run=500)
    return answer(site(job, clock=here.clock), run, lambda remark: changed)


def replies(here: Place) -> list[str]:
    return [each.comment.body for each in ours(here).inline_comments(number(here)) if each.reply_to]


def test_a_thread_gets_one_reply_and_is_resolved_when_its_line_changed(here: Place) -> None:
    """FAILURES 9 and 10: whatever is delivered again."""
    say(here, "Say `ours`.")
    (remark,) = listen(here).remarks
    run = finished(remark, "fixed in fix-1-1")
    assert reply(here, run) == 1
    assert reply(here, run) == 1
    (said,) = replies(here)
    assert said.startswith(f"Fixed in [`{'d' * 12}`]")
    assert "@octocat" not in said
    assert [each.resolved for each in ours(here).threads(number(here))] == [True]
    assert [text.count("**Revision") for text in here.comments(number(here))] == [1]
    assert listen(here).remarks == ()


@pytest.mark.parametrize(("fate", "begins"), [
    ("fixed in fix-1-1", "Changed in "), ("answered in fix-1-1", "Changed in "),
    ("declined: Callers rely on it.", "Not changed: Callers rely on it."),
    ("open: the fix made the checks worse and was dropped", "Not done: the fix made the checks worse"),
])  # fmt: skip
def test_what_was_not_fixed_stays_open(here: Place, fate: str, begins: str) -> None:
    say(here, "Say `ours`.")
    (remark,) = listen(here).remarks
    assert reply(here, finished(remark, fate), changed=False) == 0
    (said,) = replies(here)
    assert said.startswith(begins)
    assert [each.resolved for each in ours(here).threads(number(here))] == [False]


def test_nothing_is_called_fixed_that_was_not_pushed(here: Place) -> None:
    say(here, "Say `ours`.")
    (remark,) = listen(here).remarks
    run = finished(remark, "fixed in fix-1-1", delivery=None)
    (one,) = replies_of(run, "https://x/o/r", lambda _: True, "The branch would be again what it was.")
    assert one.text.startswith("Not done: The branch would be again what it was. A person")
    assert not one.settled
    (one,) = replies_of(run, "https://x/o/r", lambda _: True)
    assert one.text == "Not done: nothing of this revision could be pushed. A person should look at it."
