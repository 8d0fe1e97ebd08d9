"""Open issues in the order in which the night would take them up, and what may be the same."""

from factory.contracts.hub import Issue, Person
from factory.hunt.dedupe import Group, alike, speaks_of
from factory.hunt.wished import rank, wished

NOW = "2026-11-20T10:00:00Z"
ANN = Person(login="ann", id=1)


def issue(number: int, title: str = "", **more: object) -> Issue:
    facts = {"number": number, "title": title or f"Title {number}", "body": "", "author": ANN, "state": "open",
             "created": "2026-11-01T10:00:00Z", **more}  # fmt: skip
    return Issue.model_validate(facts)


def test_labels_reactions_comments_and_age_all_lift() -> None:
    plain = rank(issue(1), NOW)
    for more in ({"labels": ("bug",)}, {"labels": ("kind: bug",)}, {"reactions": 3}, {"comments": 4},
                 {"created": "2026-01-01T10:00:00Z"}):  # fmt: skip
        assert rank(issue(1, **more), NOW) > plain, more
    assert rank(issue(1, labels=("question",)), NOW) < plain
    assert rank(issue(1, created=""), NOW) > 0


def test_what_people_said_no_to_and_pull_requests_are_left_out() -> None:
    rows = [
        issue(1, labels=("bug", "wontfix"), reactions=99),
        issue(2, is_pull=True),
        issue(3, state="closed"),
        issue(4),
    ]
    assert [row.issue.number for row in wished(rows, NOW)] == [4]


def test_the_same_again_is_said_to_be_perhaps_a_duplicate_and_comes_later() -> None:
    text = "The checkout crashes with a traceback when the cart is empty"
    rows = wished([issue(1, text, labels=("bug",)), issue(2, text + " again"), issue(3, "Add a dark mode")], NOW)
    assert [(row.issue.number, row.duplicate_of) for row in rows] == [(1, 0), (3, 0), (2, 1)]


def test_short_texts_are_never_alike() -> None:
    assert alike("crash", "crash") == 0.0
    assert alike("cart checkout crash empty", "cart checkout crash empty") == 1.0


def test_a_text_speaks_of_a_finding_only_by_its_whole_path_and_rule() -> None:
    group = Group("g", "bare-except", "a/b.py", ())
    assert speaks_of("see a/b.py:3, bare-except", group, None)
    assert not speaks_of("see x/a/b.py, bare-except", group, None)
    assert not speaks_of("see a/b.pyi, bare-except", group, None)
    assert not speaks_of("see a/b.py, bare-excepts", group, None)
    assert not speaks_of("bare-except", group._replace(path=""), None)
