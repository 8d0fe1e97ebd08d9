"""A bill in words: for the terminal, a pull request's footer and the month's page. What is not known is said so."""

from factory.contracts.bill import Bill, MonthCost
from factory.contracts.model import Tier
from factory.contracts.story import Story, Yardstick
from factory.ledger.cost import frontier_only
from factory.render import amount, facts
from factory.render.text import clip, line, quiet

CLOUD: tuple[Tier, ...] = ("rented", "frontier")
UNKNOWN = "not known"
ROW_HEADS = ("merged", "change", "runs", "cost", "local", "cloud", "runner", "GPU", "power", "frontier-only")


def footer(story: Story) -> str:
    """One line below a pull request: money, tokens, minutes, and what a frontier model alone would have cost."""
    local = sum(row.tokens_in + row.tokens_out for row in story.costs if row.tier == "local")
    cloud = sum(row.tokens_in + row.tokens_out for row in story.costs if row.tier != "local")
    sums = facts.totals(story)
    parts = [
        f"Cost {amount.cost(sums.cost, sums.recorded)}",
        f"{amount.tokens(local)} tokens local, {amount.tokens(cloud)} cloud",
        f"{amount.duration(sums.seconds)} of work",
    ]
    if story.runner_minutes is not None:
        parts.append(f"{story.runner_minutes:.0f} runner minutes")
    instead = frontier_only(story.costs, story.yardstick)
    if story.yardstick is not None and instead is not None:
        parts.append(
            f"frontier-only would have cost {amount.money(instead)} ({quiet(line(story.yardstick.words, 120))})"
        )
    return "; ".join(parts) + "."


def sentences(bill: Bill, yardstick: Yardstick | None) -> list[str]:
    """What is known besides money, one line each."""
    return [
        f"Runner minutes: {minutes(bill)}",
        f"GPU hours of local models: {hours(bill)} (side by side counted each)",
        f"Electricity: {power(bill)}",
        f"Frontier-only: {money(bill.frontier_only)}" + (f" ({yardstick.words})" if yardstick else ""),
    ]


def row(bill: Bill) -> tuple[str, ...]:
    """Under ROW_HEADS."""
    name = f"#{bill.pull} {bill.title}" if bill.pull else bill.title or bill.name
    return (
        bill.merged[:10], clip(name, 60), str(len(bill.runs)), amount.money(bill.cost),
        amount.tokens(bill.tokens("local")), amount.tokens(bill.tokens(*CLOUD)),
        minutes(bill), hours(bill), power(bill), money(bill.frontier_only),
    )  # fmt: skip


def money(micro: int | None) -> str:
    return UNKNOWN if micro is None else amount.money(micro)


def minutes(bill: Bill) -> str:
    return UNKNOWN if bill.runner_minutes is None else f"{bill.runner_minutes:.0f} m"


def hosted(found: MonthCost) -> str:
    """A month's, with what is not in the sum."""
    if found.runner_minutes is None:
        return UNKNOWN
    rest = f", of {found.runner_unknown} runs not known" if found.runner_unknown else ""
    return f"{found.runner_minutes:.0f} m{rest}"


def hours(bill: Bill) -> str:
    return f"{bill.gpu_hours:.2f} h"


def power(bill: Bill) -> str:
    """With `about` where it is an estimate: model seconds times the card's watts."""
    if bill.kwh is None:
        return UNKNOWN
    return f"{'about ' if bill.kwh_how == 'estimate' else ''}{bill.kwh:.3f} kWh"
