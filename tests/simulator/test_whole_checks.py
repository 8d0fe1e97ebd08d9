"""What another service says of the factory's pull request, whole: a failing status is answered at once."""

from collections.abc import Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions
from tests.simulator import parts
from tests.simulator.factory_town import Town, town
from tests.simulator.test_whole_feedback import BOX, FEEDBACK, commits, pull, then

TOML = "[github]\nhourly = 50\n"
SAYS = "part.py:1: error: Module has no attribute VERSION  [attr-defined]"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions) -> Iterator[Town]:
    versioned = parts.edit("    return times", "    return times\n\n\nVERSION = 1")
    script = parts.script(
        parts.mend(versioned, "The module says its version.", match="message: In the check elsewhere"),
        parts.content("fix-1-1"),
    )
    with town(tmp_path_factory.mktemp("checks"), evaluator, parts.FILES, script, TOML) as made:
        made.label(made.issue("Let go take times", "go(2) should return 2."), "agent:demiurge")
        made.settle()
        yield made
        assert made.hub.violations == []


def says(here: Town, sha: str, state: str) -> None:
    body = {"state": state, "context": "elsewhere", "description": SAYS, "target_url": "https://elsewhere.test/1"}
    here.ask("wanda", "POST", f"/statuses/{sha}", body)


def test_a_status_that_fails_is_answered_without_waiting_for_the_hour(here: Town) -> None:
    old, before = commits(here), len(here.runs())
    says(here, old[0], "pending")
    says(here, old[0], "failure")
    assert then(here, before) == [FEEDBACK, FEEDBACK, BOX], here.trouble()
    assert commits(here)[1:] == old
    assert parts.file_at(here, pull(here)["head"]["ref"], "part.py").endswith("VERSION = 1")
    (told,) = [text for text in parts.said(here, pull(here)["number"]) if "**Revision" in text]
    assert "The check elsewhere" in told
    assert "elsewhere.test" not in told


def test_the_same_on_another_branch_starts_nothing(here: Town) -> None:
    before = len(here.runs())
    says(here, pull(here)["base"]["sha"], "failure")
    assert BOX not in then(here, before), here.trouble()
