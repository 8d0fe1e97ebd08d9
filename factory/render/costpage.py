"""A month's page: what was spent by day and tier, what each merged change cost, and beside what frontier-only would
have cost. One file that asks for nothing else and needs no scripts.
"""

import calendar
from itertools import accumulate

from factory.contracts.bill import MonthCost
from factory.contracts.model import TIERS, Tier
from factory.contracts.story import Cost
from factory.ledger.cost import frontier_only
from factory.render import amount, bills, plots
from factory.render.books import TIERS as TONES
from factory.render.document import document
from factory.render.element import Html, badge, el, join, marked, table
from factory.render.text import line

_CSS = """
.plot { min-width: 640px; }
.plot text { font-size: 12px; } .plot .axis { text-anchor: end; fill: var(--soft); }
.plot .tick { text-anchor: middle; fill: var(--soft); } .plot .label { text-anchor: end; }
.plot .side { fill: var(--soft); } .plot .value { font-weight: 600; }
.plot .gridline { stroke: var(--rule); stroke-width: 1; }
.bar.local { fill: var(--check); } .bar.rented { fill: var(--unit); } .bar.frontier { fill: var(--accent); }
.key.local { background: var(--check); } .key.rented { background: var(--unit); }
.key.frontier { background: var(--accent); }
#changes td:first-child { white-space: nowrap; }
.curve { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.curve.paid { stroke: var(--accent); } .end.paid { fill: var(--accent); } .key.paid { background: var(--accent); }
.curve.instead { stroke: var(--warn); stroke-dasharray: 6 4; } .end.instead { fill: var(--warn); }
.key.instead { background: var(--warn); }
"""


def page(found: MonthCost) -> str:
    """A whole HTML document; every word that came from elsewhere is escaped."""
    title = f"Cost of {calendar.month_name[int(found.month[5:])]} {found.month[:4]}"
    sections = (
        ("days", "Tokens by day and tier", _tokens(found)), ("spent", "Spent, beside frontier-only", _spent(found)),
        ("changes", "Merged changes", _changes(found)), ("roles", "By role and tier", _roles(found)),
        ("how", "How it is counted", _how(found)),
    )  # fmt: skip
    body = el(
        "body",
        el("a", "Skip to the content", href="#content", class_="skip"),
        el("header", el("p", "Dark Factory · cost", class_="eyebrow"), el("h1", title), _stats(found)),
        el("nav", *(el("a", name.capitalize(), href=f"#{name}") for name, _, _ in sections), aria_label="Contents"),
        el("main", *(_section(*each) for each in sections), id="content"),
        el("footer", marked(f"Dark Factory, {found.month}, UTC. Made by `factory ledger cost --month {found.month}`.")),
    )
    return document(title, body, _CSS)


def _section(name: str, heading: str, body: Html) -> Html:
    return el("section", el("h2", heading, id=f"{name}-heading"), body, id=name, aria_labelledby=f"{name}-heading")


def _stats(found: MonthCost) -> Html:
    spent = sum(day.cost for day in found.days)
    merged = found.merged
    each = amount.money(sum(one.cost for one in merged) // len(merged)) if merged else "–"
    rows = (
        ("Spent", amount.money(spent)),
        ("Frontier-only", bills.money(_instead(found))),
        ("Merged changes", str(len(merged))),
        ("A merged change", each),
        ("Runner minutes", bills.hosted(found)),
        ("Tokens local", amount.tokens(_sum(found, "local"))),
        ("Tokens cloud", amount.tokens(_sum(found, "rented") + _sum(found, "frontier"))),
    )
    return el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in rows), class_="stats")


def _sum(found: MonthCost, tier: Tier) -> int:
    return sum(day.tokens_in + day.tokens_out for day in found.days if day.tier == tier)


def _instead(found: MonthCost) -> int | None:
    return frontier_only(found.days, found.yardstick)


def _days(found: MonthCost) -> list[str]:
    year, number = int(found.month[:4]), int(found.month[5:])
    return [f"{found.month}-{day:02d}" for day in range(1, calendar.monthrange(year, number)[1] + 1)]


def _tokens(found: MonthCost) -> Html:
    if not found.days:
        return el("p", "No model was asked in this month.", class_="muted")
    by = {(day.day, day.tier): float(day.tokens_in + day.tokens_out) for day in found.days}
    days = _days(found)
    parts = {tier: [by.get((day, tier), 0.0) for day in days] for tier in TIERS}
    used = [tier for tier in TIERS if any(parts[tier])]
    drawn = plots.stacked(days, {tier: parts[tier] for tier in used}, _count, "Tokens by day and tier")
    rows = [(day.day, badge(day.tier, TONES[day.tier]), amount.tokens(day.tokens_in), amount.tokens(day.tokens_out),
             amount.money(day.cost)) for day in found.days]  # fmt: skip
    heads = ("Day", "Tier", "Tokens in", "Tokens out", "Cost")
    return join([drawn, _legend([(tier, tier) for tier in used]),
                 _folded(table(heads, rows, "Tokens and cost by day and tier", (2, 3, 4)))])  # fmt: skip


def _spent(found: MonthCost) -> Html:
    if not found.days:
        return el("p", "Nothing was spent.", class_="muted")
    days = _days(found)
    days = [day for day in days if day <= max(row.day for row in found.days)]
    paid = [sum(row.cost for row in found.days if row.day == day) / 1e6 for day in days]
    series = {"paid": list(accumulate(paid))}
    legend = [("paid", "spent")]
    yardstick = found.yardstick
    if yardstick is not None:
        each = [frontier_only([row for row in found.days if row.day == day], yardstick) or 0 for day in days]
        series["instead"] = [value / 1e6 for value in accumulate(each)]
        legend.append(("instead", f"frontier-only ({yardstick.words})"))
    note = None if yardstick else el("p", "Frontier-only is not known: no frontier endpoint with a price is "
                                          "configured.", class_="muted")  # fmt: skip
    drawn = plots.lines(days, series, lambda value: amount.money(round(value * 1e6)), "Spent since the month began")
    return join([drawn, _legend(legend), note])


def _changes(found: MonthCost) -> Html:
    if not found.merged:
        return el("p", marked("No change was seen to be merged: `factory memory outcomes` looks."), class_="muted")
    ordered = sorted(found.merged, key=lambda one: -one.cost)[:30]
    named = [(f"#{one.pull} {one.title}" if one.pull else one.title or one.name, float(one.cost)) for one in ordered]
    drawn = plots.bars(named, lambda value: amount.money(round(value)), "Cost of each merged change")
    rows = [bills.row(one) for one in found.merged]
    heads = [head.capitalize() if head != "GPU" else head for head in bills.ROW_HEADS]
    return join([drawn, table(heads, rows, "Merged changes", range(2, 10))])


def _roles(found: MonthCost) -> Html:
    if not found.roles:
        return el("p", "No model was asked in this month.", class_="muted")
    return table(("Role", "Tier", "Endpoint", "Calls", "Tokens in", "Tokens out", "Model time", "Cost"),
                 [_role(row) for row in found.roles], "By role and tier", range(3, 8))  # fmt: skip


def _role(row: Cost) -> tuple[str, ...]:
    return (row.role, badge(row.tier, TONES[row.tier]), line(row.endpoint, 80), f"{row.calls:,}",
            amount.tokens(row.tokens_in), amount.tokens(row.tokens_out), amount.duration(row.seconds),
            amount.money(row.cost))  # fmt: skip


def _how(found: MonthCost) -> Html:
    compared = f"Compared with {found.yardstick.words}." if found.yardstick else "There is no price to compare with."
    said = (
        "Days are UTC. Money is what endpoints charged by their price lists; calls that are not settled yet count at "
        "their worst case. Hours of rented machines count on the day they were paid.",
        f"Frontier-only is every token that any model read or wrote, at one list price, without caching. {compared} A "
        "stronger model might have needed fewer calls.",
        "GPU hours are the time that local models worked, calls side by side counted each. Electricity is what the "
        "cards' own counters said while the runs worked; with `about` it is that time times the watts of [cards]; else "
        "it is not known. Runner minutes are those of hosted runners as the shared books have them, all runs of the "
        "month in the sum above, those of its task in a change's row: what one run does not say makes the row unknown.",
        "A change counts when the memory has seen its pull request merged; all runs of its task count, the failed too.",
    )
    return join(el("p", marked(words)) for words in said)


def _legend(rows: list[tuple[str, str]]) -> Html:
    return el("p", *(el("span", el("i", class_=f"key {kind}"), word) for kind, word in rows), class_="legend")


def _folded(body: Html) -> Html:
    return el("details", el("summary", "The same as a table"), body)


def _count(value: float) -> str:
    return amount.tokens(round(value))
