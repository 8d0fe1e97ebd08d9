"""The tracking issue: each unit of the plan once, ticked when it came in, why when it did not."""

import pytest

from factory.render import tracking
from tests.render.hostile import hostile
from tests.render.stories import accepted, empty


def test_units_that_came_in_are_ticked_and_the_others_say_why() -> None:
    text = tracking.body(accepted(), 12, 13)
    assert text.startswith("For #12. Delivered in #13.")
    assert "- [x] `api` Count the quantity in the total (backend)" in text
    assert "- [ ] ✗ `words` Say how totals are computed (scribe): No edit block found three times over." in text
    assert tracking.title(accepted().run) == "Plan: Cart total ignores the quantity"
    assert "Not delivered yet" in tracking.body(accepted(), 0, 0)
    assert "For #" not in tracking.body(accepted(), 0, 13)


def test_a_unit_without_a_change_is_still_to_come() -> None:
    story = accepted()
    states = {row.id: row.state for row in tracking.unit_states(story.run.but(waves=story.run.waves[:1]))}
    assert states["words"] == "waiting"
    assert tracking.unit_states(empty().run) == ()


@pytest.mark.parametrize("issue", [0, 7])
def test_out_07_hostile_units_stay_words(issue: int) -> None:
    """OUT-04, OUT-05, OUT-07: no tag, marker or reference of theirs."""
    text = tracking.body(hostile(), issue, 0)
    assert "<!--" not in text
    assert "<script" not in text
    assert "<img" not in text
    assert len(text) <= tracking.LIMIT
