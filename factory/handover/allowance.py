"""How the run's reserved dollars are shared out among its jobs: pure arithmetic, in micro-dollars.

Jobs on other machines cannot see each other's spending while they run, so each gets a share beforehand. What a job
leaves flows on to those after it: a share is counted from what is known to be spent.
"""

from decimal import ROUND_FLOOR, Decimal, InvalidOperation

from factory.contracts.errors import UsageProblem

MILLION = 1_000_000
MOST = 1_000_000  # dollars
PLAN, WORK = 10, 60  # per cent that may be spent when the plan is there, and when all units are


def limit(stage: str, total: int, spent: int, units_left: int = 0, units_now: int = 0) -> int:
    """What the whole run may have spent when this job ends; `spent` is what the jobs before it did.

    `units_left`: of the plan, not merged yet; `units_now`: how many of them this job writes, while others write theirs.
    """
    if stage in ("refine", "work"):
        return total
    if stage in ("intake", "gather", "plan"):
        return total * PLAN // 100
    pool = max(total * WORK // 100 - spent, 0)
    if stage == "generate" and units_left > 0:
        return min(spent + pool // units_left * min(units_now, units_left), total)
    return min(spent, total)


def dollars_in(text: str) -> int | None:
    """FACTORY_ALLOWANCE_USD in micro-dollars, rounded down; None when it is not set. Raises UsageProblem."""
    if not text.strip():
        return None
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= MOST:
        raise UsageProblem(f"FACTORY_ALLOWANCE_USD is {text[:40]!r}: it is an amount of dollars, such as 1.50.")
    return int((amount * MILLION).to_integral_value(rounding=ROUND_FLOOR))
