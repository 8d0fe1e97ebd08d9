"""One place says how a run stands, so that no output says "error" after another said "accepted"."""

import io
import json

import pytest

from factory.contracts.change import Wave
from factory.contracts.evidence import Counts, Evidence, Outcome, SuiteResult
from factory.contracts.finding import finding
from factory.contracts.run import Run, Stop
from factory.contracts.story import Story
from factory.render import facts, html, markdown, pull, terminal
from tests.render.parts import BASE, CANDIDATE, MARKER, change
from tests.render.stories import accepted, empty, stopped, tidy


def unconfirmed() -> Story:
    story = accepted()
    last = story.run.rounds[-1].but(decision="stop", why="no tier is left to ask")
    return story.but(run=story.run.but(rounds=(*story.run.rounds[:-1], last)))


def stopped_after_verdict() -> Story:
    story = accepted()
    stop = Stop(reason="disk_full", message="No space left.", stage="deliver")
    return story.but(run=story.run.but(stopped=stop))


@pytest.mark.parametrize(
    ("make", "word", "tone"),
    [
        (accepted, "ACCEPT", "good"),
        (unconfirmed, "ACCEPT, not confirmed", "warn"),
        (stopped_after_verdict, "ACCEPT, then stopped", "bad"),
        (stopped, "stopped", "bad"),
        (tidy, "not judged", "warn"),
        (empty, "no verdict", "warn"),
    ],
)
def test_all_outputs_say_the_same(make: "type[Story]", word: str, tone: str) -> None:
    story = make()
    state = facts.standing(story.run)
    assert (state.word, state.tone) == (word, tone)
    out = io.StringIO()
    terminal.closing(story.run, out)
    assert f"{word}: " in out.getvalue()
    assert f"**{word}**" in pull.body(story, MARKER)
    assert f"**{word}**" in markdown.report(story)
    assert f'class="badge {tone}">{word}</span>' in html.page(story)


def test_a_judge_that_could_not_be_read_is_no_judge() -> None:
    run = accepted().run
    assert run.verdict
    verdict = run.verdict.but(decision="REVISE", model="", confidence=0, escalated_from="")
    assert facts.standing(run.but(verdict=verdict)).word == "not judged"


def test_a_finding_is_told_once_with_its_last_fate() -> None:
    fates = {item.rule: item.fate for item in facts.findings(accepted().run)}
    assert fates == {
        "boundary": "fixed in fix-1",
        "broken": "gone: the last checks no longer see it",
        "naming": "open",
        "flagged_path": "open",
    }


def test_a_check_that_still_fails_stays_open_with_the_reason() -> None:
    run = accepted().run
    assert run.evidence
    red = finding("tests", "broken", "still red", severity="high")
    tried = run.rounds[0].but(findings=(red.but(fate="open: the fixer changed nothing"),))
    after = run.but(rounds=(tried,), evidence=run.evidence.but(findings=(red,)))
    assert facts.findings(after)[0].fate == "open: the fixer changed nothing"
    assert facts.is_open(facts.findings(after)[0])


def test_rejected_and_failed_units_are_told() -> None:
    wave = Wave(
        n=1,
        changes=(
            change("good", "backend", "Good", "a.py"),
            change("sly", "backend", "Sly", "b.py", error="outside its lease"),
            change("silent", "backend", "Silent", "c.py"),
        ),
        trees=(CANDIDATE, CANDIDATE, CANDIDATE),
        tree=CANDIDATE,
    )
    run: Run = empty().run.but(waves=(wave,))
    assert [(row.unit, row.why) for row in facts.failed(run)] == [
        ("sly", "outside its lease"),
        ("silent", "the change was rejected when it was merged"),
    ]
    assert change("x", "backend", "x", "x").base == BASE


def test_the_end_of_a_long_record_of_cases_is_still_read() -> None:
    story = accepted()
    names = {"a": "passed", 'b[é"\\/x\n]': "failed", "c::d": "skipped", "e": "error"}
    text = json.dumps(names)[5:]  # cut inside the first pair
    assert story.run.evidence
    key = story.run.evidence.suites[0].candidate.cases
    seen = facts.cases(story.but(logs={key: text}))
    assert {name: seen.get(name, "") for name in names} == names | {"a": ""}


def test_totals_are_sums() -> None:
    sums = facts.totals(accepted())
    assert (sums.calls, sums.cost, sums.tokens_in, sums.model_seconds) == (13, 48_730, 137_000, 82)


def test_a_tidy_shows_that_the_tests_hold_by_the_suites_themselves() -> None:
    story = tidy()
    outcome = Outcome(status="passed", counts=Counts(passed=3), counted=True)
    suite = SuiteResult(name="pytest", command="pytest", base=outcome, candidate=outcome)
    lint = suite.but(name="lint: ruff")

    def shown(suites: tuple[SuiteResult, ...]) -> tuple[bool, list[str]]:
        evidence = Evidence(tree="c" * 40, base="b" * 40, suites=suites, tests_found=True)
        (row,) = facts.criteria(story.but(run=story.run.but(evidence=evidence)))
        return row.shown, [proof.name for proof in row.proofs]

    assert shown((suite, lint)) == (True, ["pytest"])
    assert shown((suite.but(broken=("tests/test_a.py::test_a",)), lint)) == (False, ["pytest"])
    assert shown((lint,)) == (False, [])
