"""Mending by rules: where a finding is after the fixes before it, and which fixes are dropped when tests get worse."""

from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.finding import Finding, finding
from factory.contracts.task import Event
from factory.stages.intake import task_of
from factory.stages.mend import _holding, moved


def item(n: int, rule: str = "bare-except") -> Finding:
    return finding("hunt", rule, "m", path=f"pkg/{n}.py", evidence=str(n), start=n)


def test_the_task_says_what_its_findings_have_in_common_and_knows_no_model() -> None:
    task = task_of(Event(kind="mend", source="pkg", findings=(item(1), item(2))))
    assert task.title == "An except without a type: 2 mended in pkg"
    assert task.mechanical
    other = task_of(Event(kind="mend", source="pkg", findings=(item(2), item(1))))
    assert task.digest == other.digest, "the same findings are the same task"


def test_a_line_is_found_again_when_lines_before_it_came_or_went() -> None:
    old = ["a", "b", "c", "d"]
    assert moved(old, ["x", "y", *old], 3) == 5
    assert moved(old, old[1:], 3) == 2
    assert moved(old, ["a", "B", "c", "d"], 2) == 2
    assert moved(old, ["a", "c", "d"], 2) == 0


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_a_moved_line_is_a_line_of_the_new_text(old: list[str], new: list[str]) -> None:
    for line in range(1, len(old) + 1):
        assert 0 <= moved(old, new, line) <= len(new)
    assert [moved(old, old, line) for line in range(1, len(old) + 1)] == list(range(1, len(old) + 1))


@given(st.sets(st.integers(0, 23), max_size=4), st.integers(1, 24))
def test_halving_drops_exactly_the_fixes_that_break_the_tests(bad: set[int], count: int) -> None:
    some = [item(n) for n in range(count)]
    broken = {each.id for n, each in enumerate(some) if n in bad}
    trials: list[int] = []

    def holds(part: list[Finding]) -> bool:
        trials.append(len(part))
        return not broken & {each.id for each in part}

    assert _holding(some, holds) == [each for each in some if each.id not in broken]
    assert len(trials) <= (2 + 10 * len(broken) if broken else 1)


def test_two_fixes_that_only_break_together_keep_one() -> None:
    some = [item(1), item(2)]
    assert _holding(some, lambda part: len(part) < 2) == [item(1)]
