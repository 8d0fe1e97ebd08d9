"""Is a tool loop going round in circles? Pure, over what was done and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

MONOLOGUE = 3  # answers without any action
REPEATS = 2  # the same action with the same result
LONG = 3  # the longest pattern looked for: A-B-C-A-B-C


@dataclass(frozen=True)
class Turn:
    """One step: digests of the action and of its result; an action of '' is an answer without any."""

    action: str
    result: str = ""


def stuck(turns: Sequence[Turn]) -> str:
    """'repeat', 'alternation', 'monologue', or '' when the loop still moves."""
    last = turns[-MONOLOGUE:]
    if len(last) == MONOLOGUE and not any(turn.action for turn in last):
        return "monologue"
    last = turns[-REPEATS:]
    if len(last) == REPEATS and last[0].action and len(set(last)) == 1:
        return "repeat"
    for period in range(2, LONG + 1):
        last = turns[-2 * period :]
        if len(last) == 2 * period and all(turn.action for turn in last) and last[:period] == last[period:]:
            return "alternation"
    return ""
