"""What people do while a revision is at work, whole: a commit of theirs on its branch stays below it, and a review that
comes in the middle waits and is answered next, without anybody asking again."""

import time
from collections.abc import Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare, pushes
from tests.simulator import parts
from tests.simulator.factory_town import Town, town
from tests.simulator.test_whole_feedback import BOX, commits, pull, then

TOML = "[github]\nhourly = 50\nrounds = 5\n"
DOUBLE = parts.edit("    return times", "    return 2 * times")
COUNT = parts.edit("def go(times=1):", "def go(count=1):") + parts.edit("return 2 * times", "return 2 * count")


class People:
    """What happens at the first word of the fixer to a revision."""

    def __init__(self) -> None:
        self.town: Town | None = None
        self.mine = ""

    def __call__(self) -> None:
        here = self.town
        if here is None or self.mine or not [role for run, role in here.heard if role == "demiurge"]:
            return
        one = pull(here)
        ref, old = f"refs/heads/{one['head']['ref']}", one["head"]["sha"]
        self.mine = bare.write_commit(here.repo.folder, (old,), {"notes.txt": b"mine\n"}, "Mine", here.hub.now())
        bare.set_ref(here.repo.folder, ref, self.mine, old)
        pushes.moved(here.hub, None, here.repo, ref, old, self.mine)
        review(here, "Please call it count.")
        end = time.monotonic() + 120  # the revision does not end before the review has found it at work
        while not waits(here) and time.monotonic() < end:
            time.sleep(0.1)


def review(here: Town, body: str) -> None:
    here.ask("wanda", "POST", f"/pulls/{pull(here)['number']}/reviews", {"event": "REQUEST_CHANGES", "body": body})


def waits(here: Town) -> list[str]:
    return [row.id for row in parts.books(here) if row.id.startswith("wait.") and row.kind == "refused"]


@pytest.fixture(scope="module")
def people() -> People:
    return People()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions, people: People) -> Iterator[Town]:
    script = parts.script(
        parts.mend(DOUBLE, "It returns the double.", match="message: Please double it"),
        parts.mend(COUNT, "It is called count.", match="message: Please call it count"),
        parts.content("fix-1-1"),
    )
    with town(tmp_path_factory.mktemp("meanwhile"), evaluator, parts.FILES, script, TOML, asked=people) as made:
        made.label(made.issue("Let go take times", "go(2) should return 2."), "agent:demiurge")
        made.settle()
        people.town = made
        yield made
        assert made.hub.violations == []


def test_a_commit_and_a_review_in_the_middle_of_a_revision(here: Town, people: People) -> None:
    old, before = commits(here), len(here.runs())
    review(here, "Please double it.")
    ran = then(here, before)
    assert len(waits(here)) == 1, here.trouble()
    assert ran.count(BOX) == 3, "the revision, the one that was refused, and the one that was taken up"
    branch = pull(here)["head"]["ref"]
    made = commits(here)
    assert made[2:] == [people.mine, *old], (here.trouble(), parts.said(here, pull(here)["number"]))
    assert parts.file_at(here, branch, "part.py") == "def go(count=1):\n    return 2 * count"
    assert parts.file_at(here, branch, "notes.txt") == "mine"
    said = parts.said(here, pull(here)["number"])
    assert not [text for text in said if "**Parked.**" in text], "the comment that said it waits shows the run now"
    (told,) = [text for text in said if "**Revision" in text]
    assert "It is called count." in told
