"""From an event's text to a task: what becomes title, number, kind and body."""

import pytest

from factory.contracts.task import Event, Task
from factory.stages.intake import MAX_BODY, MAX_TITLE, task_of


def read(text: str, number: str = "") -> Task:
    return task_of(Event(kind="issue", source="issue.md", text=text, number=number))


@pytest.mark.parametrize(
    ("first", "title", "number"),
    [
        ("Totals ignore the quantity", "Totals ignore the quantity", "local"),
        ("# Totals ignore the quantity (#12)", "Totals ignore the quantity", "12"),
        ("### Say #5 aloud", "Say #5 aloud", "5"),
        ("#7", "#7", "7"),
    ],
)
def test_the_first_line_is_the_title(first: str, title: str, number: str) -> None:
    found = read(f"\n{first}\n\nThree pots cost as much as one.\n")
    assert (found.title, found.number, found.body) == (title, number, "Three pots cost as much as one.")


def test_the_events_own_number_goes_first() -> None:
    assert read("As in #5", number="12").number == "12"


def test_as_long_a_title_as_github_takes_is_kept() -> None:
    title = "x" * (MAX_TITLE - 4) + " end"
    assert (read(title).title, read(title).body) == (title, "")


def test_a_longer_first_line_is_no_title_and_stands_in_the_body_whole() -> None:
    line = "All of it matters. " * 20 + "And this most."
    found = read(f"{line}\n\nMore.")
    assert found.title == line[:MAX_TITLE]
    assert found.body == f"{line}\n\nMore."
    assert found.notes == ()


def test_a_body_that_is_too_long_is_cut_and_says_so() -> None:
    found = read("Title\n" + "y" * (MAX_BODY + 1))
    assert len(found.body) == MAX_BODY
    assert found.notes == ("the issue's text was cut from 65,537 to 65,536 characters",)


@pytest.mark.parametrize(
    ("title", "body", "kind"),
    [
        ("Fix the total", "", "bug"),
        ("Add a wish list", "Traceback (most recent call last):", "bug"),
        ("docs: say how totals are made", "", "chore"),
        ("Add a wish list", "", "feature"),
    ],
)
def test_the_kind_follows_from_the_words(title: str, body: str, kind: str) -> None:
    assert read(f"{title}\n{body}").kind == kind
