"""A branch that conflicts with its base, whole: the watchdog sees it, the fixer keeps both sides, and one merge commit
comes on top of what was there."""

from collections.abc import Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare, pushes
from tests.simulator import parts
from tests.simulator.factory_town import Town, town
from tests.simulator.test_whole_feedback import BOX, commits, pull, then

TOML = "[github]\nhourly = 50\n"
WATCH = "43 * * * *"
THEIRS = "def go():\n    return 11\n\n\ndef stop():\n    return 0\n"
BOTH = "def go(times=11):\n    return times\n\n\ndef stop():\n    return 0\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions) -> Iterator[Town]:
    whole = f"### write part.py\n<<<<<<< CONTENT\n{BOTH}>>>>>>> END\n"
    script = parts.script(
        parts.mend(whole, "go counts from 11 and takes times.", match="part.py conflicts with the base"),
        parts.content("merge-base"),
    )
    with town(tmp_path_factory.mktemp("conflict"), evaluator, parts.FILES, script, TOML) as made:
        made.label(made.issue("Let go take times", "go(2) should return 2."), "agent:demiurge")
        made.settle()
        yield made
        assert made.hub.violations == []


def test_both_sides_are_kept_in_one_merge_commit(here: Town) -> None:
    one, old = pull(here), commits(here)
    main = bare.branch(here.repo.folder, "main")
    theirs = bare.write_commit(here.repo.folder, (main,), {"part.py": THEIRS.encode()}, "Count from 11", here.hub.now())
    bare.set_ref(here.repo.folder, "refs/heads/main", theirs, main)
    pushes.moved(here.hub, None, here.repo, "refs/heads/main", main, theirs)
    assert here.ask("wanda", "GET", f"/pulls/{one['number']}")["mergeable"] is False

    before = len(here.runs())
    here.runner.tick(WATCH, here.repo.full_name)
    assert then(here, before).count(BOX) == 1, here.trouble()
    now = here.ask("wanda", "GET", f"/pulls/{one['number']}")
    parents = bare.text(here.repo.folder, "show", "-s", "--format=%P", now["head"]["sha"]).split()
    assert parents == [old[0], theirs], (here.trouble(), parts.said(here, one["number"]))
    assert now["mergeable"] is True
    assert parts.file_at(here, now["head"]["ref"], "part.py") == BOTH.rstrip("\n")
    assert bare.branch(here.repo.folder, "main") == theirs, "nobody writes to the base"
    (told,) = (text for text in parts.said(here, one["number"]) if "**Revision" in text)
    assert "The conflict with base" in told
    assert "1 of 1 remark led to a change" in told


def test_a_branch_that_merges_again_is_left_alone(here: Town) -> None:
    head, before = pull(here)["head"]["sha"], len(here.runs())
    here.runner.tick(WATCH, here.repo.full_name)
    assert BOX not in then(here, before), here.trouble()
    assert pull(here)["head"]["sha"] == head
