"""The rules that make lessons: what is counted, over which runs, and in whose words."""

from factory.contracts.memory import Observation
from factory.memory.distil import Draft, distil
from factory.memory.fold import folded
from tests.memory.facts import found, run_of, seen


def lessons(*lines: Observation, kind: str = "") -> list[Draft]:
    return [draft for draft in distil(folded(lines)) if draft.kind == kind or not kind]


def test_a_rule_found_again_and_again_in_a_file() -> None:
    lines = [run_of(f"r{n}", "cart.py", ago=n) for n in range(5)]
    lines += [found("r0", "cart.py", 0, word="fixed", symbol="Cart.total"), found("r2", "cart.py", 2, word="fixed"),
              found("r4", "cart.py", 4)]  # fmt: skip
    (draft,) = lessons(*lines, kind="finding")
    assert draft.text == (
        "Findings of rule `race` (`hydra.correctness`) came up in `cart.py` (in `Cart.total`) in 3 of the last 5 runs "
        "that changed it: 2 fixed, 1 left open."
    )
    assert draft.base == 3 / 6
    assert draft.runs[0].id == "r0"
    assert {(link.kind, link.name) for link in draft.links} == {
        ("file", "cart.py"), ("symbol", "Cart.total"), ("rule", "race"),
    }  # fmt: skip


def test_two_reviewers_with_the_same_rule_are_one_lesson() -> None:
    lines = (run_of("r1", "a.py"), found("r1", "a.py", about="1"), found("r1", "a.py", about="2", tool="hydra.design"))
    (draft,) = lessons(*lines, kind="finding")
    assert "(`hydra.correctness`, `hydra.design`)" in draft.text
    assert "the one run that changed it" in draft.text


def test_files_that_change_together_from_two_runs_on() -> None:
    first = run_of("r1", "api.py", "api.md", ago=3)
    assert lessons(first, kind="together") == []
    drafts = lessons(first, run_of("r2", "api.py", "api.md", ago=2), run_of("r3", "api.py", ago=1), kind="together")
    assert sorted(draft.text for draft in drafts) == [
        "Changes to `api.md` came with changes to `api.py` in 2 of the last 2 runs.",
        "Changes to `api.py` came with changes to `api.md` in 2 of the last 3 runs.",
    ]


def test_a_run_that_changed_everything_says_nothing_of_pairs() -> None:
    wide = [run_of(f"r{n}", *(f"f{k}.py" for k in range(30)), ago=n) for n in range(3)]
    assert lessons(*wide, kind="together") == []


def test_tests_that_failed_and_what_put_them_right() -> None:
    broken = seen("test", "r1", word="mended", about="t", paths=("tests/test_cart.py", "cart.py"))
    (draft,) = lessons(run_of("r1", "cart.py", "web.py"), broken, kind="test")  # web.py had nothing to do with it
    assert draft.text == (
        "Tests in `tests/test_cart.py` failed when `cart.py` was changed, in the one run. "
        "A fix in `cart.py` put it right."
    )


def test_a_test_that_nothing_put_right_is_laid_to_every_changed_file() -> None:
    broken = seen("test", "r1", word="broken", about="t", paths=("tests/test_cart.py",))
    drafts = lessons(run_of("r1", "cart.py", "web.py"), broken, kind="test")
    assert [each.subject[0] for each in sorted(drafts, key=lambda each: each.subject)] == ["cart.py", "web.py"]


def test_what_became_of_pull_requests() -> None:
    lines = [run_of("r1", "a.py", ago=3, pull=12), run_of("r2", "a.py", ago=2), run_of("r3", "a.py", ago=1)]
    for run, word in (("r1", "merged"), ("r1", "reverted"), ("r2", "merged"), ("r3", "closed")):
        lines.append(seen("outcome", run, word=word, about=word))
    lines.append(seen("outcome", "r2", word="edited", about="edited", paths=("a.py",)))
    texts = {draft.kind: draft.text for draft in lessons(*lines)}
    assert "was reverted, 1 of the last 3 runs whose end is known" in texts["reverted"]
    assert "was closed without a merge" in texts["closed"]
    assert "People edited `a.py` after us in 1 of the last 3 runs" in texts["edited"]
    assert texts["history"].startswith("Of the last 3 runs on `a.py`, 3 were accepted; they were planned with effort 3")


def test_a_unit_that_came_to_nothing() -> None:
    (draft,) = lessons(run_of("r1", word="stopped"), seen("unit", "r1", word="failed", about="u", paths=("a.py",)))
    assert "gave no usable change in the one run" in draft.text


def test_only_the_newest_observation_of_the_same_thing_counts() -> None:
    """A run that was stopped, resumed and then accepted is one run that was accepted."""
    lines = [run_of("r1", "a.py", ago=2, word="stopped"), run_of("r1", "a.py", "b.py", ago=1),
             found("r1", "a.py", 2), found("r1", "a.py", 1, word="fixed")]  # fmt: skip
    (past,) = folded(lines)
    assert past.word == "accepted"
    assert past.changed == {"a.py", "b.py"}
    assert [item.word for item in past.findings] == ["fixed"]


def test_only_the_newest_ten_runs_of_a_file_count() -> None:
    lines = [run_of(f"r{n:02}", "a.py", ago=n) for n in range(30)] + [found("r25", "a.py", 25)]
    assert lessons(*lines, kind="finding") == []
