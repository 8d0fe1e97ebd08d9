"""How hard a model is to think, on both wires.

| chat `reasoning_effort` | messages `thinking`      | messages `output_config.effort` |
| ----------------------- | ------------------------ | ------------------------------- |
| `none`                  | `disabled`               | not sent                        |
| `minimal`, `low`        | `adaptive`               | `low`                           |
| `medium`                | `adaptive`               | `medium`                        |
| `high`                  | `adaptive`               | `high`                          |
| `xhigh`                 | `adaptive`               | `xhigh`                         |
| `max`                   | `adaptive`               | `max`                           |

Back the same, `low` for `low`. An effort that is given comes before a budget; a budget in tokens becomes `low` under
4,096, `medium` under 16,384, `high` under 32,768, else `xhigh`. `adaptive` alone says nothing about the effort: the
chat server's own default stays. Budgets are not sent: the current models of the messages wire refuse them.
"""

from factory.contracts.record import Json
from factory.serve.convert.fields import ASKED, Dropped, shown
from factory.serve.convert.problems import Unconvertible

TO_MESSAGES = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}
TO_CHAT = frozenset(TO_MESSAGES.values())
BUDGETS = ((4_096, "low"), (16_384, "medium"), (32_768, "high"))  # tokens: less than this
LARGEST = "xhigh"


def thinking_of(effort: object) -> tuple[Json, str]:
    """`thinking` and `output_config.effort` ("" = none) for a `reasoning_effort`."""
    if effort == "none":
        return {"type": "disabled"}, ""
    if isinstance(effort, str) and effort in TO_MESSAGES:
        return {"type": "adaptive"}, TO_MESSAGES[effort]
    raise Unconvertible(f"reasoning_effort {shown(effort)} is none of none, {', '.join(TO_MESSAGES)}.")


def effort_of(thinking: object, effort: object, dropped: Dropped) -> str:
    """`reasoning_effort` for `thinking` and `output_config.effort`; "" says nothing."""
    if effort is not None and not (isinstance(effort, str) and effort in TO_CHAT):
        raise Unconvertible(f"output_config.effort {shown(effort)} is none of {', '.join(sorted(TO_CHAT))}.")
    if thinking is None:
        return str(effort or "")
    asked = ASKED.mapping(thinking, "thinking")
    kind = ASKED.kind(asked, "thinking")
    if kind == "disabled":
        if effort:
            dropped["output_config.effort"] = None
        return "none"
    if kind not in ("enabled", "adaptive", "between_tools"):
        raise Unconvertible(f"thinking.type {shown(kind)} has no counterpart on the chat wire.")
    if asked.get("display") is not None or kind == "between_tools":
        dropped["thinking.display" if kind != "between_tools" else "thinking.type"] = None
    if effort or kind != "enabled":
        return str(effort or "")
    budget = ASKED.count(asked.get("budget_tokens"), "thinking.budget_tokens")
    return next((word for limit, word in BUDGETS if budget < limit), LARGEST)
