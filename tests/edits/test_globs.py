"""Globs: matching, and overlap against brute force over all short paths."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.edits.globs import literal_prefix, matches, overlap

YES = [
    ("src/a.py", "src/a.py"), ("src", "src/deep/a.py"), ("src/", "src/a.py"), ("src/**", "src/x/y.py"),
    ("src/*.py", "src/a.py"), ("**/*.py", "a.py"), ("**/*.py", "x/y/a.py"), ("**", "any/thing"),
    ("a/**/z", "a/z"), ("a/**/z", "a/b/c/z"),
    ("pages/[id].tsx", "pages/[id].tsx"), ("pages/[id].tsx", "pages/i.tsx"), ("a?.py", "ab.py"), ("[!a].py", "b.py"),
    ("with space.txt", "with space.txt"),
]  # fmt: skip
NO = [
    ("src/*.py", "src/x/a.py"), ("*", "a/b"), ("src/**", "srcs/a"), ("src/a.py", "src/a.pyc"), ("src", "src2/a"),
    ("A.py", "a.py"), ("**/*.py", "a.pyx"), ("a?.py", "a/.py"), ("[!a].py", "a.py"), ("src/*", "src/deep/a.py"),
]  # fmt: skip


@pytest.mark.parametrize(("glob", "path"), YES)
def test_covers(glob: str, path: str) -> None:
    assert matches(glob, path)


@pytest.mark.parametrize(("glob", "path"), NO)
def test_does_not_cover(glob: str, path: str) -> None:
    assert not matches(glob, path)


def test_matching_takes_no_exponential_time() -> None:
    assert not matches("*a" * 40 + "b", "a" * 200)
    assert not matches("**/" * 40 + "b", "a/" * 200 + "c")
    assert not overlap("*a" * 40 + "b", "*a" * 40 + "c")


def test_literal_prefix() -> None:
    assert [literal_prefix(glob) for glob in ("a/b/*.py", "**/x", "a/b", "a/")] == ["a/b", "", "a/b", "a"]


PATHS = [
    "/".join(parts)
    for depth in (1, 2, 3)
    for parts in itertools.product(["a", "b", "ab", "ba", "[a]"], repeat=depth)
]  # fmt: skip
GLOB = st.lists(
    st.sampled_from(["a", "b", "ab", "*", "**", "?", "a*", "*b", "[ab]", "[!a]", "[a]", "?b", "**b"]),
    min_size=1,
    max_size=3,
)


@settings(max_examples=200, deadline=None)
@given(GLOB.map("/".join), GLOB.map("/".join))
def test_overlap_against_brute_force(one: str, other: str) -> None:
    """Never "disjoint" when a path exists that both cover; for these alphabets the answer is exact but for classes."""
    both = [path for path in PATHS if matches(one, path) and matches(other, path)]
    if both:
        assert overlap(one, other), both[0]
    elif "[" not in one + other:
        assert not overlap(one, other)
    assert overlap(one, other) == overlap(other, one)
