"""The pull request: each claim beside its evidence, and nothing in it that a forge would act on."""

import re

import pytest
from markdown_it import MarkdownIt

from factory.contracts.finding import finding
from factory.contracts.story import Story
from factory.render import pull
from tests.render.hostile import ATTACKS, hostile
from tests.render.parts import MARKER
from tests.render.stories import accepted, empty, stopped, tidy

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
OURS = {"<br>", "<code>", "</code>", "<details>", "</details>", "<summary>", "</summary>"}


def section(text: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def test_the_title_is_the_tasks_and_refers_to_nothing() -> None:
    assert pull.title(accepted().run) == "Cart total ignores the quantity"
    assert pull.title(empty().run) == "Factory run 20261120-least"
    run = hostile().run
    assert run.task
    made = pull.title(run.but(task=run.task.but(title="fixes #1 \x1b[31m@octocat\nhttp://x.example <!-- " + "y" * 300)))
    assert len(made) <= 120
    assert not re.search(r"#\d|@\w|://|\x1b|\n|<!--", made)


def test_who_judged_with_which_confidence_and_why() -> None:
    said = section(pull.body(accepted(), MARKER), "Verdict")
    assert "**ACCEPT**: Judged by claude-opus-5 (frontier, endpoint anthropic) with confidence 0.87." in said
    assert "Escalated from qwen3-27b: confidence 0.62 is below 0.75" in said
    assert "- The new test is red before and green after." in said
    assert "tests 0.50, margin 0.22, open findings -0.05" in said


def test_each_criterion_has_its_evidence_or_is_said_not_to_be_shown() -> None:
    rows = section(pull.body(accepted(), MARKER), "Acceptance criteria").splitlines()
    by_id = {row.split("|")[1].strip(" `"): row for row in rows if row.startswith("| `")}
    assert "test `tests/test_cart.py::test_total_counts_quantity` (passed)" in by_id["A1"]
    assert "not shown" not in by_id["A1"]
    assert "(fixed in fix-1)" in by_id["A2"]
    assert "test `tests/test_cart.py::test_refused` (passed)" in by_id["A2"]
    assert "commit `beef1234beef` (unit page)" in by_id["A3"]
    assert "not shown" in by_id["A4"]
    assert "`words`" in by_id["A4"]


def test_what_the_judge_names_and_nobody_saw_shows_nothing() -> None:
    story = accepted()
    assert story.run.verdict
    made_up = story.run.verdict.evidence[0].but(shown_by=("tests/test_cart.py::test_made_up",))
    verdict = story.run.verdict.but(evidence=(made_up,))
    said = section(pull.body(story.but(run=story.run.but(verdict=verdict)), MARKER), "Acceptance criteria")
    assert "**not shown**<br>`tests/test_cart.py::test_made_up` (named by the judge, not seen by any check)" in said


def test_the_tests_before_and_after_and_the_bug() -> None:
    text = pull.body(accepted(), MARKER)
    tests = section(text, "Tests before and after")
    assert (
        "| `pytest` | 41 passed, 1 failed, 2 skipped | 43 passed, 1 failed, 2 skipped | 0 | 0 | 1 | 1 | 1 | 0 | 0 |"
        in tests
    )
    assert "tests/test_clock.py::test_midnight" in tests
    bug = section(text, "Bug shown")
    assert "red on the base, green on the candidate" in bug
    assert "Total: 5.00" in bug
    assert "Total: 15.00" in bug


def test_a_bug_that_is_not_shown_is_said_not_to_be() -> None:
    story = accepted()
    assert story.run.evidence
    run = story.run.but(evidence=story.run.evidence.but(bug_shown=False, bug_tests=()))
    assert "**Not shown:**" in section(pull.body(story.but(run=run), MARKER), "Bug shown")


def test_fates_failures_flags_costs_and_egress() -> None:
    text = pull.body(accepted(), MARKER)
    fates = section(text, "Findings")
    assert re.search(r"A quantity of zero.*fixed in fix-1", fates)
    assert re.search(r"test\\?_one fails.*gone: the last checks no longer see it", fates)
    assert re.search(r"names both.*\| open \|", fates)
    assert "No edit block found three times over." in section(text, "Units that brought nothing in")
    assert "`pyproject.toml`" in section(text, "A person must look at")
    assert re.search(r"\| genesis \| frontier \| `anthropic` \| 1 .* \$0\.049 \|", section(text, "Cost and time"))
    sent = section(text, "Sent to models")
    assert "| `anthropic` | frontier | 1 | 3.0 KiB | 1.4 KiB, 3.1 % | `shop/cart.py` |" in sent
    assert sent.startswith("Rented and frontier models were sent 3.0 KiB in all, at most 3.1 % of the repository.")


def test_an_authors_own_prose_is_never_in_it() -> None:
    assert "AUTHORS-OWN-PROSE" in accepted().to_json()
    assert "AUTHORS-OWN-PROSE" not in pull.body(accepted(), MARKER)


def test_no_model_no_sandbox_no_tests_and_recorded_answers_are_said_plainly() -> None:
    text = pull.body(tidy(), MARKER)
    assert "No model judged this." in text
    assert "WITHOUT a sandbox" in section(text, "Verdict").splitlines()[1]
    assert "No tests found" in text
    assert "Recorded answers" in text
    assert "Nothing of the repository was sent to a model." in text
    for said in ("WITHOUT a sandbox", "Recorded answers", "No model judged"):
        assert said not in pull.body(accepted(), MARKER)


def test_a_stopped_run_says_why_and_how_to_go_on() -> None:
    said = section(pull.body(stopped(), MARKER), "Verdict")
    assert "Stopped in plan (budget)" in said
    assert "factory resume 20261120-none" in said


@pytest.mark.parametrize("make", [accepted, stopped, empty, tidy, hostile])
def test_the_marker_is_the_last_line_and_there_only(make: "type[Story]") -> None:
    lines = pull.body(make(), MARKER).splitlines()
    assert lines[-1] == MARKER
    assert "<!--" not in "\n".join(lines[:-1])


def test_a_hostile_run_brings_in_no_markup() -> None:
    tokens = PARSER.parse(pull.body(hostile(), MARKER).removesuffix(MARKER))
    inner = [child for token in tokens for child in token.children or ()]
    assert not [child for child in inner if child.type in ("link_open", "image")]
    tags = re.findall(
        r"<[^>]*>", "".join(t.content for t in (*tokens, *inner) if t.type in ("html_block", "html_inline"))
    )
    assert set(tags) <= OURS
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h2"] * 11
    shown = "".join(child.content for child in inner if child.type == "text")
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.\w", shown)
    assert "\x1b" not in shown
    assert "<script>alert(1)</script>" in shown  # still there to be read


def test_it_stays_below_the_limit_with_a_diff_of_five_megabytes() -> None:
    story = accepted().but(diff="diff --git a/x b/x\n" + "+line of code\n" * 380_000)
    assert len(pull.body(story, MARKER)) <= pull.LIMIT


def test_it_stays_below_the_limit_and_whole_when_everything_is_too_much() -> None:
    story = hostile()
    assert story.run.task
    noise = "\n".join(ATTACKS) * 40
    many = tuple(finding("hydra.tests", "r", f"{n} {noise}"[:3000], path=f"p{n}.py") for n in range(500))
    rounds = (story.run.rounds[0].but(findings=many), *story.run.rounds[1:])
    run = story.run.but(rounds=rounds, task=story.run.task.but(body=noise * 50))
    costs = story.costs * 300
    text = pull.body(story.but(run=run, costs=costs, diff="x" * 5_000_000), MARKER)
    assert len(text) <= pull.LIMIT
    assert text.endswith(f"\n{MARKER}")
    assert pull.LEFT_OUT in text
    assert "ACCEPT" in section(text, "Verdict")
    blocks = "".join(token.content for token in PARSER.parse(text) if token.type == "html_block")
    assert blocks.count("<details>") == blocks.count("</details>") > 0
