"""Words on issues, and tasks that somebody dispatches: the real workflow files, to the effects on GitHub."""

import time
from collections.abc import Callable, Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions
from tests.simulator import parts
from tests.simulator.factory_town import Town, town

TOML = "[github]\nhourly = 50\n"
TWO = parts.plan(parts.unit("u1", "part.py"), parts.unit("u2", "other.py"), effort=5)
SLOW = "Take your time"
COUNTED = parts.edit("def stay():\n    return 1", "def stay(count=1):\n    return count", "other.py")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions) -> Iterator[Town]:
    script = parts.script(
        parts.always("atlas", parts.plan(), match=SLOW, delay_s=120),
        parts.always("atlas", TWO, match="Both parts"),
        parts.always("backend", COUNTED, match="wanda adds: Please call it count."),
        parts.always("backend", parts.OTHER, match="Change other.py"),
    )
    folder, variables = tmp_path_factory.mktemp("commands"), {"FACTORY_CLOUD": "true"}
    with town(folder, evaluator, parts.FILES, script, TOML, variables=variables) as made:
        yield made
        assert made.hub.violations == []


def until(here: Town, seen: Callable[[], bool], seconds: float = 90) -> None:
    """Turn the runner until something is to be seen."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, here.trouble()
        here.runner.turn()
        time.sleep(0.05)


def tell(here: Town, number: int, *words: str, login: str = "wanda") -> list[tuple[str, str]]:
    """Say it, let everything happen; the runs that came of it."""
    before = len(here.runs())
    for each in words:
        here.say(number, each, login)
    here.settle()
    return parts.ran(here.runs()[before:])


def asked(here: Town, number: int) -> list[str]:
    """Roles that were asked for runs on this issue, in order."""
    return [role for run, role in here.heard if run.startswith(f"gh-{number}-")]


DISPATCH, SWARM, BOX = ((f"factory-{name}.yml", "success") for name in ("dispatch", "swarm", "local"))


def test_a_plan_is_shown_then_approved_then_redone_and_cut_down(here: Town) -> None:
    """TRG-05: `plan` writes nothing, `approve` ships that very plan, `redo` writes one unit again after the words below
    it, `only` one alone."""
    number = here.issue("Both parts take times", "go(2) should return 2, and stay(2) too.")
    assert tell(here, number, "/factory plan") == [DISPATCH, SWARM], here.trouble()
    assert asked(here, number) == ["atlas"]
    assert (here.pulls(), [name for name in here.branches() if "/factory/" in name]) == ([], [])
    (status,) = parts.said(here, number)
    assert "A plan waits for a person" in status
    assert "`u1` Let part.py take times" in status
    assert "`u2` Let other.py take times" in status
    assert "/factory approve" in status

    assert tell(here, number, "/factory approve") == [DISPATCH, SWARM, BOX], here.trouble()
    assert (asked(here, number).count("atlas"), asked(here, number).count("backend")) == (1, 2)
    (pull,) = here.pulls()
    assert not pull["draft"], pull["body"]
    for path in ("part.py", "other.py"):
        assert "times=1" in parts.file_at(here, pull["head"]["ref"], path)

    again = "/factory redo u2\n\nPlease call it count."
    assert tell(here, number, again) == [DISPATCH, SWARM, BOX], here.trouble()
    assert (asked(here, number).count("atlas"), asked(here, number).count("backend")) == (1, 3)
    (redone,) = here.pulls()
    assert redone["number"] == pull["number"]
    assert "def stay(count=1)" in parts.file_at(here, redone["head"]["ref"], "other.py")
    assert "def go(times=1)" in parts.file_at(here, redone["head"]["ref"], "part.py"), "the other unit's work is kept"
    assert len([text for text in parts.said(here, number) if "kind=status" in text]) == 1

    assert tell(here, number, "/factory only u1") == [DISPATCH, SWARM, BOX], here.trouble()
    assert (asked(here, number).count("atlas"), asked(here, number).count("backend")) == (1, 3)
    (last,) = here.pulls()
    alone = last["head"]["ref"]
    assert "times=1" in parts.file_at(here, alone, "part.py")
    assert "times=1" not in parts.file_at(here, alone, "other.py")


def test_a_step_that_a_person_skips_is_named_and_leaves_a_draft(here: Town) -> None:
    """What was not done is never shown as done, and no model is asked again for what is there."""
    number = here.issue("Let the part wait", "go(2) should return 2.")
    here.label(number, "agent:swarm")
    here.settle()
    ready = next(pull for pull in here.pulls() if f"factory/{number}-" in pull["head"]["ref"])
    assert not ready["draft"]
    before = asked(here, number).count("backend")
    assert tell(here, number, "/factory skip verify")[:2] == [DISPATCH, SWARM], here.trouble()
    assert asked(here, number).count("backend") == before
    again = next(pull for pull in here.pulls() if pull["number"] == ready["number"])
    assert again["draft"]
    assert "The step verify was left out because wanda said so." in again["body"]


def test_questions_are_answered_once_from_the_books_without_any_model(here: Town) -> None:
    number = here.issue("Let the part take times", "go(2) should return 2.")
    assert tell(here, number, "/factory status") == [DISPATCH]
    assert "No run of the factory is known here yet" in parts.said(here, number)[-1]
    here.label(number, "agent:demiurge")
    here.settle()
    before = len(here.heard)
    assert tell(here, number, "/factory status", "/factory why", "/factory budget +1", "/factory statsu") == [
        DISPATCH, DISPATCH, DISPATCH, DISPATCH,
    ], here.trouble()  # fmt: skip
    _, _, *answers = parts.said(here, number)
    assert len(answers) == 4
    assert any("Ready for a person's review" in text and "its pull request" in text for text in answers)
    assert any("ACCEPT" in text and "The evidence stands in #" in text for text in answers)
    assert any("$1.00 more: the limit here is $6.00 now" in text for text in answers)
    assert any("did you mean `/factory status`" in text for text in answers)
    assert [
        row.reserved for row in parts.books(here) if row.issue == number and row.reserved and row.kind == "note"
    ] == [1_000_000]
    assert len(here.heard) == before


def test_a_reader_is_met_with_silence(here: Town) -> None:
    """TRG-01: no comment, no reaction, no model, no job but the gate; a triager's label and word do no more."""
    number = here.issue("Let the part take times", "go(2) should return 2.", "rita")
    before, heard = len(here.runs()), len(here.heard)
    said = here.say(number, "/factory fix", "rita")
    here.say(number, "please do not\n/factory fix", "wanda")
    here.say(number, "/factory fix", "tria")
    here.label(number, "agent:local", "tria")
    here.settle()
    began = [job.id for run in here.runs()[before:] for job in run.jobs if job.result != "skipped"]
    assert began.count("factory/gate") == len(began) == 3, began
    assert parts.said(here, number) == []
    assert here.ask("wanda", "GET", f"/issues/comments/{said}/reactions") == []
    assert here.ask("wanda", "GET", f"/issues/{number}/reactions") == []
    assert len(here.heard) == heard
    assert [row for row in parts.books(here) if row.issue == number] == []


def test_stop_cancels_what_is_at_work(here: Town) -> None:
    """A person of the role triage may stop; the lease is free at once, and the last word is said."""
    number = here.issue(SLOW, "go(2) should return 2.")
    here.label(number, "agent:swarm")
    until(here, lambda: asked(here, number) == ["atlas"])
    here.say(number, "/factory stop", "tria")
    here.settle()
    runs = [run for run in here.runs() if run.title == f"swarm {number}" and run.conclusion != "skipped"]
    assert [run.conclusion for run in runs] == ["cancelled"], here.trouble()
    status, answer = parts.said(here, number)
    assert "Stopped by tria" in answer
    assert "is being cancelled" in answer
    assert "Stopped" in status.splitlines()[1]
    assert {row.state for row in parts.books(here) if row.issue == number and row.kind == "close"} == {"stopped"}
    assert here.pulls() == [pull for pull in here.pulls() if not pull["head"]["ref"].startswith(f"factory/{number}-")]


def dispatch(here: Town, **inputs: str) -> list[tuple[str, str]]:
    before = len(here.runs())
    here.ask("wanda", "POST", "/actions/workflows/factory-swarm.yml/dispatches", {"ref": "main", "inputs": inputs})
    here.settle()
    return parts.ran(here.runs()[before:])


def test_a_task_is_dispatched_with_a_text_with_an_issue_and_as_a_dry_run(here: Town) -> None:
    """No issue: there is nobody to tell but the pull request; an issue: its status comment; dry: a plan, no branch."""
    before = {pull["number"] for pull in here.pulls()}
    assert dispatch(here, task="Let the part take times\n\ngo(2) should return 2.") == [SWARM, BOX], here.trouble()
    (pull,) = [pull for pull in here.pulls() if pull["number"] not in before]
    assert pull["head"]["ref"].startswith("factory/task-let-the-part-take-times-")
    assert not pull["draft"]

    number = here.issue("Let go take times", "go(2) should return 2.")
    assert dispatch(here, issue=str(number), dry_run="true") == [SWARM], here.trouble()
    assert "A plan waits for a person" in parts.said(here, number)[0]
    assert not [name for name in here.branches() if f"/factory/{number}-" in name]
