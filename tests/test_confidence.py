"""The confidence formula: bounds, caps, and that each term moves it the right way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.confidence import Seen, confidence
from factory.contracts.finding import finding

GOOD = Seen(green=True, counted=True, proven=True, lines=40, margin=4.0)


def value(**changes: object) -> float:
    return confidence(GOOD.but(**changes))[0]


def test_a_good_change_is_trusted() -> None:
    assert value() > 0.95


@pytest.mark.parametrize(
    ("changes", "cap"),
    [
        ({"tampered": True}, 0.0),
        ({"parsed": False}, 0.0),
        ({"green": False, "red": True}, 0.3),
        ({"green": False}, 0.6),
        ({"bug_unshown": True}, 0.7),
    ],
)
def test_caps(changes: dict[str, object], cap: float) -> None:
    assert value(**changes) <= cap


@pytest.mark.parametrize(
    "worse",
    [
        {"proven": False}, {"counted": False}, {"lines": 2000}, {"margin": 0.1}, {"agreement": 0.34},
        {"security": True},
        {"findings": (finding("hydra.tests", "r", "m", severity="high"),)},
    ],
)  # fmt: skip
def test_each_term_counts(worse: dict[str, object]) -> None:
    assert value(**worse) < value()


def test_terms_explain_the_value() -> None:
    found, terms = confidence(GOOD.but(margin=None))
    assert dict(terms).keys() == {"tests", "findings", "agreement", "size"}
    weights = {"tests": 0.40, "findings": 0.25, "agreement": 0.15, "size": 0.10}
    assert found == pytest.approx(sum(weights[name] * term for name, term in terms) / 0.9, abs=2e-3)


@given(
    st.booleans(), st.booleans(), st.booleans(), st.floats(0, 1), st.none() | st.floats(-50, 50), st.integers(0, 10**7)
)  # fmt: skip
def test_stays_between_zero_and_one(
    green: bool, red: bool, counted: bool, agreement: float, margin: float | None, lines: int
) -> None:
    seen = Seen(green=green, red=red, counted=counted, agreement=agreement, margin=margin, lines=lines)
    assert 0 <= confidence(seen)[0] <= 1
