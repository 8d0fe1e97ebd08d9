"""The decision after a judgement, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.stages.decide import Situation, decide, reverted_share

CALM = Situation(
    decision="ACCEPT", confidence=0.9, threshold=0.75, red=False, must_fix=0, security=False, escalated=False,
    next_tier=True, round=1, rounds=3, flapping=False, stuck=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "action", "why"),
    [
        ({}, "accept", "the judge accepts"),
        ({"red": True}, "go_on", "red"),
        ({"must_fix": 2}, "go_on", "2 findings"),
        ({"decision": "REVISE", "must_fix": 1}, "go_on", "1 finding must"),
        ({"decision": "REVISE"}, "go_on", "asks for a revision"),
        ({"decision": "REVISE", "round": 3}, "stop", "after 3 rounds"),
        ({"red": True, "round": 3}, "stop", "after 3 rounds"),
        ({"red": True, "flapping": True}, "stop", "back and forth"),
        ({"red": True, "stuck": True}, "stop", "changed nothing"),
        ({"confidence": 0.5}, "escalate", "below 0.75"),
        ({"confidence": 0.5, "next_tier": False}, "stop", "a person should look"),
        ({"confidence": 0.5, "escalated": True}, "stop", "a person should look"),
        ({"security": True}, "escalate", "security-critical"),
        ({"security": True, "escalated": True}, "accept", "accepts"),
        ({"security": True, "next_tier": False}, "stop", "no second judge"),
        ({"unshown": 2}, "escalate", "2 acceptance criteria"),
        ({"unshown": 1, "escalated": True}, "stop", "shown by nothing"),
        ({"decision": "REJECT"}, "stop", "rejects"),
        ({"decision": "REJECT", "confidence": 0.3}, "escalate", "below"),
        ({"decision": "REJECT", "red": True}, "stop", "rejects"),
        ({"decision": "REVISE", "readable": False, "confidence": 0.0}, "escalate", "below"),
        ({"decision": "REVISE", "readable": False, "confidence": 0.0, "next_tier": False}, "stop", "readable"),
    ],
)
def test_table(changes: dict[str, object], action: str, why: str) -> None:
    found, reason = decide(CALM.but(**changes))
    assert found == action, reason
    assert why in reason


situations = st.builds(
    Situation, decision=st.sampled_from(["ACCEPT", "REVISE", "REJECT"]), confidence=st.floats(0, 1),
    threshold=st.just(0.75), readable=st.booleans(), red=st.booleans(), must_fix=st.integers(0, 3),
    unshown=st.integers(0, 2),
    security=st.booleans(), escalated=st.booleans(), next_tier=st.booleans(), round=st.integers(1, 3),
    rounds=st.just(3), flapping=st.booleans(), stuck=st.booleans(),
)  # fmt: skip


@given(situations)
def test_never_accepts_what_should_not_be(seen: Situation) -> None:
    """No ACCEPT without the judge's word, green enough evidence, nothing to fix and enough confidence."""
    if decide(seen)[0] == "accept":
        assert seen.decision == "ACCEPT"
        assert seen.readable
        assert not seen.red
        assert not seen.must_fix
        assert not seen.unshown
        assert seen.escalated or not seen.security
        assert seen.confidence >= seen.threshold


@given(situations)
def test_always_ends(seen: Situation) -> None:
    """The last round never goes on, and nobody is asked twice."""
    action, _ = decide(seen.but(round=3, escalated=True))
    assert action in ("accept", "stop")


def test_reverted_share() -> None:
    before = frozenset({"a:+1", "a:+2", "a:+3", "b:+4"})
    assert reverted_share(before, before) == 0
    assert reverted_share(before, frozenset({"b:+4"})) == 0.75
    assert reverted_share(frozenset(), before) == 0
