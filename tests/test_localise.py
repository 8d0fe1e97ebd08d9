"""The localisation benchmark's own rules: what a query may not give away, and what its numbers mean."""

import tomllib

import pytest

from benchmarks.localise_scores import recall, reciprocal, scores
from benchmarks.localise_tasks import DATA, Task, cleaned, is_source, without_scope

PATHS = frozenset({"shop/cart.py", "shop/web/views.js", "tests/test_cart.py"})


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("Fix total in shop/cart.py (#12)", "Fix total in"),
        ("fix(cart): total\n\nFixes #7\nSigned-off-by: A <a@b.c>", "fix(cart): total\nFixes"),
        ("shop/web: views crash", ": views crash"),
        ("Fix either/or in views.js since 1a2b3c4d5e", "Fix either/or in since"),
        ("See https://a.example/shop/cart for it", "See for it"),
        ("Fix it\n\n```diff\n-a\n+b\n```\nNow", "Fix it\nNow"),
    ],
)
def test_a_message_is_cleaned_of_what_gives_the_answer_away(message: str, query: str) -> None:
    assert cleaned(message, PATHS) == query


@pytest.mark.parametrize(
    ("query", "bare"),
    [
        ("fix(cart): total is wrong", "total is wrong"),
        ("fix: http: total is wrong", "total is wrong"),
        ("net/http: close once", "close once"),
        ("total is wrong: it is 0", "total is wrong: it is 0"),
    ],
)
def test_the_scope_of_a_subject_is_dropped(query: str, bare: str) -> None:
    assert without_scope(query) == bare


def test_only_what_makes_the_program_is_source() -> None:
    assert is_source("shop/cart.py")
    assert not any(map(is_source, ("tests/test_cart.py", "shop/cart_test.go", "docs/x.js", "README.md", "a/b.min.js")))


def test_scores_by_hand() -> None:
    one, two = (
        Task("r", "Python", "fit", False, sha, "", "", "", gold) for sha, gold in (("1", ("a",)), ("2", ("b", "c")))
    )
    assert recall(two, ["b", "x", "c"], 1) == 0.5
    assert reciprocal(two, ["x", "c"]) == 0.5
    found = scores({one: ["x", "a"], two: ["b", "x", "c"]})
    assert found["recall@1"] == 0.25
    assert found["recall@5"] == found["several@5"] == 1.0
    assert found["MRR"] == 0.75


def test_no_commit_is_on_both_halves() -> None:
    rows = tomllib.loads(DATA.read_text())["repository"]
    assert not any(set(row["fit"]) & set(row["judged"]) for row in rows)
    assert sum(len(row["judged"]) for row in rows) >= 100
    assert len({row["language"] for row in rows}) >= 3
    assert sum(not row["fit"] for row in rows) >= 2
