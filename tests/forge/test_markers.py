"""Markers: ours are found, everybody else's are not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.forge.markers import Markers, strip

OURS = Markers("k" * 32, "Acme/Shop")
RUN = "gh-7-0123456789ab"


def test_a_marker_of_ours_is_found_wherever_it_stands() -> None:
    marker = OURS.make(RUN, "status")
    assert re.fullmatch(r"<!-- factory:v1 run=gh-7-0123456789ab kind=status mac=[0-9a-f]{32} -->", marker)
    for body in (marker, f"text\n\n{marker}", f"text\r\n{marker}\r\na person's words", f"{marker} {marker}"):
        assert OURS.find(body) == (RUN, "status")
    assert Markers("k" * 32, "acme/shop").find(marker) == (RUN, "status")  # a repository's name has no case


@pytest.mark.parametrize(
    "forged",
    [
        f"<!-- factory:v1 run={RUN} kind=status -->",
        f"<!-- factory:v1 run={RUN} kind=status mac= -->",
        f"<!-- factory:v1 run={RUN} kind=status mac={'0' * 32} -->",
        OURS.make(RUN, "status").replace(RUN, "gh-8-0123456789ab"),
        OURS.make(RUN, "status").replace("kind=status", "kind=pull"),
        Markers("k" * 32, "acme/other").make(RUN, "status"),
        Markers("another key", "acme/shop").make(RUN, "status"),
        OURS.make(RUN, "status")[:-10] + " -->",
    ],
)
def test_idm_04_out_05_a_forged_or_foreign_marker_is_not_found(forged: str) -> None:
    """IDM-04, OUT-05: without the right seal for this repository, run and kind it is only text."""
    assert OURS.find(forged) is None
    assert OURS.find(f"{OURS.make(RUN, 'status')}\n{forged}") == (RUN, "status")


@pytest.mark.parametrize(
    "body",
    [
        "before <!-- factory:v1 run=gh-9-x kind=pull mac=00 --> after",
        "before <!--factory:v1 run=… kind=pull--> after",
        "before <!-- FACTORY : v2 anything\nover lines --> after",
        "before <!-- fac<!-- factory:v1 run=a kind=b -->tory:v1 run=a kind=b --> after",
        "before <!-- factory:v1 never closed",
    ],
)
def test_out_05_what_looks_like_a_marker_is_removed_before_ours_is_added(body: str) -> None:
    """OUT-05."""
    signed = OURS.sign(body, RUN, "why-1")
    assert signed.startswith("before")
    assert signed.count("factory:v1") == 1
    assert OURS.find(signed) == (RUN, "why-1")
    assert "<!--" not in strip(body).replace("<!-- fac", "").replace("tory:v1 run=a kind=b -->", "")


def test_a_text_too_long_for_its_place_is_cut_and_keeps_its_marker() -> None:
    signed = OURS.sign("x" * 70_000, RUN, "status")
    assert len(signed) <= 65_536
    assert "cut here" in signed
    assert OURS.find(signed) == (RUN, "status")


def test_without_a_key_markers_are_plain_and_say_so() -> None:
    plain = Markers("", "acme/shop")
    assert plain.find(plain.make(RUN, "status")) == (RUN, "status")
    assert not plain.sealed
    assert OURS.sealed


@given(st.text(max_size=200), st.sampled_from(["status", "pull", "review-abc-hydra"]))
def test_signing_is_found_again_and_repeatable(body: str, kind: str) -> None:
    signed = OURS.sign(body, RUN, kind)
    assert OURS.find(signed) == (RUN, kind)
    assert OURS.sign(signed, RUN, kind) == signed


def test_a_run_that_could_leave_the_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        OURS.make("x --> <script>", "status")
