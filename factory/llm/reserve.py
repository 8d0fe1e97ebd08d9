"""What ordinary calls leave for the second judge: enough for one judgement at the dearest endpoint it may go to."""

import threading

from factory.contracts.model import Endpoint, within
from factory.ledger.spend import dollars, micro
from factory.llm.prices import price_of, worst_case
from factory.settings import Settings

JUDGE = "genesis"
LONGEST_PROMPT = 65_536  # tokens: a diff at its longest (80,000 characters), the checks, the findings, the issue
LONGEST_ANSWER = 16_384  # tokens: a judgement's 4,096, raised once


class Reserve:
    """The reserve of one process's settings; safe for threads.

    `kept` is in micro-dollars: budget.escalation_usd, or the worst case of one judgement when that is more. Nothing
    when no further endpoint of the judge's chains is paid, or when budget.escalation_usd is 0. When the worst case
    is more than a limit allows, only budget.escalation_usd, if that fits: then a judgement may turn out too dear.
    """

    def __init__(self, settings: Settings) -> None:
        budget = settings.budget
        asked = micro(budget.escalation_usd)
        self._worst = max((_worst(endpoint) for endpoint in further(settings)), default=0) if asked else 0
        caps = {name: getattr(budget, name) for name in ("run_usd", "day_usd", "issue_usd")}
        limits = [(micro(cap), name) for name, cap in caps.items() if cap is not None]
        self._tightest = min(limits, default=(max(asked, self._worst), ""))
        self.kept = 0
        if self._worst:
            fitting = [amount for amount in (max(asked, self._worst), asked) if amount <= self._tightest[0]]
            self.kept = next(iter(fitting), 0)
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def complaint(self, run: str) -> str:
        """Once for each run: that its second judge may be too dear, and what to do. '' when there is nothing to say."""
        cap, name = self._tightest
        with self._lock:
            if self._worst <= cap or run in self._told:
                return ""
            self._told.add(run)
        return (
            f"Escalation is not affordable under {name}: an answer of the second judge may cost "
            f"{dollars(self._worst)}, and budget.{name} is {dollars(cap)}. "
            "Raise it, or lower the context or max_output of that endpoint."
        )


def further(settings: Settings) -> tuple[Endpoint, ...]:
    """The endpoints that a second judge may be asked at, at any effort: all but the first of the judge's chain."""
    line = settings.line
    ceiling = line.escalate_to if within(line.ceiling, line.escalate_to) else line.ceiling
    chains = (settings.endpoints_for(JUDGE, effort) for effort in range(1, 11))
    return tuple({one.name: one for chain in chains for one in chain[1:] if within(one.tier, ceiling)}.values())


def _worst(endpoint: Endpoint) -> int:
    price = price_of(endpoint)
    if price is None or endpoint.factory:  # never asked, or keeps its own books
        return 0
    return worst_case(price, min(endpoint.context, LONGEST_PROMPT), min(endpoint.max_output, LONGEST_ANSWER))
