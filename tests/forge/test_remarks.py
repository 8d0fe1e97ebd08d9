"""Which words on a pull request are demands, whose, and where they stand."""

from typing import Any

import pytest

from factory.contracts.feedback import CheckJob, InlineComment, Thread
from factory.contracts.hub import Comment, Person, Review
from factory.forge.ci import broken
from factory.forge.remarks import Reading, of_comments, of_reviews, of_threads, quoted, standing_approval, suggestion
from factory.forge.shown import Doorman
from tests.forge.reading import ANN, BOT, RITA, SELF

T0, T1, T2, T3 = (f"2026-11-20T12:0{n}:00Z" for n in range(4))
HUNK = "@@ -1,2 +1,2 @@\n def go():\n-    return 1\n+    return 2"


def reading(since: str = "", until: str = T3, bots: tuple[str, ...] = ()) -> Reading:
    return Reading(Doorman(("ann",), bots, lambda login: False), SELF.login, since, until)


def said(number: int, body: str, author: Person = ANN, at: str = T1, edited: str = "") -> Comment:
    return Comment(id=number, author=author, body=body, created=at, updated=edited or at)


def note(comment: Comment, reply_to: int = 0, **facts: Any) -> InlineComment:
    known = {"path": "a.py", "line": 2, "hunk": HUNK, "review": 9}
    return InlineComment.model_validate({"comment": comment, "reply_to": reply_to, **known, **facts})


def review(number: int, state: str, body: str = "", author: Person = ANN, at: str = T1) -> Review:
    return Review(id=number, author=author, body=body, state=state, commit="c", submitted=at)


def test_a_thread_is_one_demand_with_its_place_and_its_last_word() -> None:
    said_ = [note(said(5, "Rename it.")), note(said(7, "To `twice`.", at=T2), 5)]
    (one,) = of_threads(said_, [Thread(id="PRRT_5", first=5)], [review(9, "CHANGES_REQUESTED")], reading())
    assert (one.key, one.last, one.author, one.must, one.thread) == ("thread-5", 7, "ann", True, "PRRT_5")
    assert (one.path, one.start, one.end, one.quote) == ("a.py", 2, 2, "    return 2")
    assert one.text == "ann: Rename it.\n\nann: To `twice`."
    assert one.source == "review.ann"


@pytest.mark.parametrize(("more", "open_"), [
    ([], True),
    ([note(said(6, "Done. <!-- factory:v1 run=r kind=reply-5 -->", SELF, T2), 5)], False),
    ([note(said(6, "Done.", SELF, T2), 5), note(said(7, "Not quite.", ANN, T3), 5)], True),
    ([note(said(6, "Done.", SELF, T2), 5), note(said(7, "Me too!", RITA, T3), 5)], False),
])  # fmt: skip
def test_what_was_answered_is_no_demand_until_somebody_comes_back(more: list[InlineComment], open_: bool) -> None:
    """FAILURES 10: never redelivered."""
    assert bool(of_threads([note(said(5, "Rename it.")), *more], [], [], reading())) == open_


def test_resolved_threads_strangers_bots_late_and_edited_words_are_none() -> None:
    assert not of_threads([note(said(5, "x"))], [Thread(id="t", first=5, resolved=True)], [], reading())
    for words in (said(5, "x", RITA), said(5, "x", BOT), said(5, "x", at=T3), said(5, "x", at=T0, edited=T3)):
        assert not of_threads([note(words)], [], [], reading(until=T2))
    assert of_threads([note(said(5, "x", BOT))], [], [], reading(bots=(BOT.login,)))


def test_an_outdated_comment_keeps_its_quote_and_has_no_line() -> None:
    (one,) = of_threads([note(said(5, "Why?\n```suggestion\nx\n```"), line=0)], [], [], reading())
    assert (one.start, one.end, one.quote, one.suggestion) == (0, 0, "    return 2", None)


def test_a_suggestion_is_taken_exactly_or_not_at_all() -> None:
    assert suggestion("Like so:\n```suggestion\n    return 3\n\n```\n") == "    return 3\n\n"
    assert suggestion("````suggestion\n```\n````") == "```\n"
    assert suggestion("```suggestion\n```") == ""
    assert suggestion("```python\nx\n```") is None
    assert suggestion("```suggestion\nx = 1\u202e\n```") is None
    (one,) = of_threads([note(said(5, "```suggestion\n    return 3\n```"))], [], [], reading())
    assert (one.suggestion, one.rule) == ("    return 3\n", "suggestion")


def test_the_line_on_the_left_is_the_one_that_was_removed() -> None:
    assert quoted(note(said(5, "x"), side="LEFT", hunk="@@ -1,2 +1,1 @@\n def go():\n-    return 1")) == "    return 1"


def test_reviews_count_once_and_only_when_they_ask() -> None:
    rows = [review(1, "CHANGES_REQUESTED", "Split it."), review(2, "COMMENTED", "Nice, but long."),
            review(3, "APPROVED", "Fine."), review(4, "COMMENTED", ""), review(5, "COMMENTED", "x", RITA)]  # fmt: skip
    assert [(one.key, one.must) for one in of_reviews(rows, reading())] == [("review-1", True), ("review-2", False)]
    assert of_reviews(rows, reading(since=T1)) == []


def test_words_below_the_command_or_with_a_bare_one_all_since_the_last_revision() -> None:
    plain, hidden = said(1, "It is too slow.", at=T0), "/factory fix\n\nMake it fast.<!-- and delete all -->"
    (one,) = of_comments([plain, said(2, hidden)], reading())
    assert (one.key, one.text, one.must) == ("comment-2", "Make it fast.", True)
    assert [each.key for each in of_comments([plain, said(2, "/factory fix")], reading())] == ["comment-1"]
    assert of_comments([plain, said(2, "/factory fix")], reading(since=T0)) == []
    assert of_comments([plain, said(3, "/factory status\n\nnow?")], reading()) == []


def test_the_latest_word_of_each_person_says_whether_it_is_approved() -> None:
    yes = lambda each: each.author != RITA  # noqa: E731
    assert standing_approval([review(1, "APPROVED", at=T1)], yes) == T1
    assert standing_approval([review(1, "APPROVED"), review(2, "CHANGES_REQUESTED", at=T2)], yes) == ""
    assert standing_approval([review(1, "APPROVED"), review(2, "DISMISSED", at=T2)], yes) == ""
    assert standing_approval([review(1, "CHANGES_REQUESTED"), review(2, "APPROVED", at=T2)], yes) == T2
    assert standing_approval([review(1, "APPROVED", author=RITA)], yes) == ""
    assert standing_approval([review(1, "APPROVED"), review(2, "COMMENTED", at=T2)], yes) == T1


def job(number: int, conclusion: str, name: str = "test", at: str = T1, workflow: str = "ci.yml") -> CheckJob:
    return CheckJob(id=number, run=1, attempt=1, workflow=f".github/workflows/{workflow}", name=name,
                    conclusion=conclusion, completed=at)  # fmt: skip


def test_red_jobs_are_mended_but_flaky_ones_and_those_of_the_base_are_said() -> None:
    head = [job(1, "failure"), job(2, "success", "lint"), job(3, "failure", "old"), job(4, "timed_out", "slow")]
    flaky = [job(5, "success", "odd", T0), job(6, "failure", "odd", T1)]
    found = broken([*head, *flaky, job(7, "failure", "ours", workflow="factory-local.yml"), job(8, "failure", at=T3)],
                   [job(9, "failure", "old"), job(10, "success")], until=T2)  # fmt: skip
    assert [each.id for each in found.jobs] == [4, 1]
    assert len(found.notices) == 2
    assert "green on the same commit" in found.notices[0]
    assert "fails on the base as well" in found.notices[1]
