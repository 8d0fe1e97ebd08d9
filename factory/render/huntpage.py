"""The hunt's page: one file that holds everything found, by theme, with the code, why it matters and what to do. No
scripts; every word of the repository in it is escaped.
"""

from collections.abc import Sequence
from itertools import groupby

from factory.contracts.catch import Catch, Ranked, Rule
from factory.render import amount
from factory.render.document import document
from factory.render.element import Html, badge, el, fold, join, listed, marked, name, table
from factory.render.filing import said
from factory.render.text import line

TONES = {"critical": "bad", "high": "bad", "medium": "warn", "low": "calm", "info": "calm"}
OPEN, MOST = 3, 200  # findings of a rule that stand open; that stand there at all


def page(catch: Catch) -> str:
    """A whole HTML document."""
    groups = _groups(catch.fresh)
    body = el(
        "body",
        el("a", "Skip to the content", href="#content", class_="skip"),
        _header(catch),
        el("nav", *(el("a", rule, href=f"#{rule}") for rule, _ in groups), el("a", "How", href="#how"),
           aria_label="Contents"),
        el("main", *_overview(catch, groups), *(_group(catch, rule, rows) for rule, rows in groups), _how(catch),
           id="content"),
        el("footer", f"Dark Factory, hunt through {catch.commit[:12]}. No model was asked, nothing of it was run."),
    )  # fmt: skip
    return document(_headline(catch), body)


def _headline(catch: Catch) -> str:
    fresh = len(catch.fresh)
    return amount.many(fresh, "finding") if fresh else "Nothing new"


def _groups(rows: Sequence[Ranked]) -> list[tuple[str, list[Ranked]]]:
    """By rule; the rule with the highest rank first."""
    ordered = sorted(rows, key=lambda row: (row.finding.rule, -row.rank))
    made = [(rule, list(group)) for rule, group in groupby(ordered, key=lambda row: row.finding.rule)]
    return sorted(made, key=lambda group: (-group[1][0].rank, group[0]))


def _header(catch: Catch) -> Html:
    hunted = catch.hunted
    mendable = sum(len(theme.findings) for theme in catch.themes)
    serious = sum(row.finding.serious for row in catch.fresh)
    stats = (
        ("Serious", f"{serious:,}"),
        ("Mend themselves", f"{mendable:,}"),
        ("In the baseline", f"{len(catch.ranked) - len(catch.fresh):,}"),
        ("Files", f"{hunted.files:,}"),
        ("Detectors", str(len(hunted.detectors))),
        ("Time", amount.duration(hunted.seconds)),
    )
    return el(
        "header",
        el("p", f"Dark Factory hunt · {line(catch.ref, 80)} at {catch.commit[:10]}", class_="eyebrow"),
        el("h1", _headline(catch)),
        el("dl", *(el("div", el("dt", what), el("dd", value)) for what, value in stats), class_="stats"),
    )


def _overview(catch: Catch, groups: Sequence[tuple[str, list[Ranked]]]) -> list[Html]:
    if not groups:
        return [el("section", el("p", "No finding that the baseline does not know.", class_="lead"))]
    titles = {rule.id: rule.title for rule in catch.rules}
    rows = [
        (el("a", el("code", rule), href=f"#{rule}"), titles.get(rule, ""), f"{len(found):,}",
         f"{sum(bool(row.mend) for row in found):,}", f"{found[0].rank:.1f}")
        for rule, found in groups
    ]  # fmt: skip
    made = table(("Rule", "What is wrong", "Findings", "Mend themselves", "Highest rank"), rows, "Findings by rule",
                 numbers=(2, 3, 4))  # fmt: skip
    return [el("section", el("h2", "By rule", id="rules"), made, *_themes(catch))]


def _themes(catch: Catch) -> list[Html]:
    if not catch.themes:
        return []
    rows = [
        (el("code", theme.detector), name(theme.package or "."), f"{len(theme.findings):,}", f"{theme.lines:,}")
        for theme in catch.themes[:100]
    ]
    words = "What one pull request each mends without a model: ", el("code", "factory hunt --fix")
    return [
        el("h3", "Themes"), el("p", *words, class_="muted"),
        table(("Rule", "Package", "Findings", "Lines"), rows, "Themes", numbers=(2, 3)),
    ]  # fmt: skip


def _group(catch: Catch, rule: str, rows: Sequence[Ranked]) -> Html:
    known: Rule | None = next((each for each in catch.rules if each.id == rule), None)
    shown = [_finding(row, known) for row in rows[:MOST]]
    more = len(rows) - MOST
    return el(
        "section",
        el("h2", known.title if known else rule, " ",
           el("span", amount.many(len(rows), "finding"), class_="muted small"), id=f"{rule}-heading"),
        el("p", el("code", rule), f" · {known.category}" if known and known.category else "", class_="muted"),
        el("p", marked(known.why)) if known else None,
        *shown[:OPEN],
        fold(f"{len(shown[OPEN:]):,} more", *shown[OPEN:]) if shown[OPEN:] else None,
        el("p", f"{more:,} more are in the JSON.", class_="muted") if more > 0 else None,
        id=rule, aria_labelledby=f"{rule}-heading",
    )  # fmt: skip


def _finding(row: Ranked, rule: Rule | None) -> Html:
    item = row.finding
    where = f"{item.path}:{item.start}" if item.start else item.path
    return el(
        "div",
        el("p", badge(item.severity, TONES[item.severity]), " ", name(where), " ",
           el("span", f"rank {row.rank:.1f} · {item.confidence:.0%} sure", class_="muted small"),
           join([" ", badge("mends itself", "good")]) if row.mend else None),
        el("p", marked(said(item, rule))),
        el("pre", item.evidence) if item.evidence else None,
        el("p", el("b", "What to do: "), marked(item.fix)) if item.fix else None,
        class_="finding", id=f"f-{item.id}",
    )  # fmt: skip


def _how(catch: Catch) -> Html:
    hunted = catch.hunted
    skipped = [f"{why}: {count:,}" for why, count in hunted.skipped.items()]
    rows = [
        (each.name, each.version, f"{each.rows:,}", amount.duration(each.seconds), each.problem or "worked")
        for each in hunted.engines
    ]
    trouble = [*hunted.problems, *(f"{path} could not be looked at" for path in hunted.failed[:50])]
    return el(
        "section",
        el("h2", "How it was looked for", id="how-heading"),
        el("p", "Rank: severity × confidence × how much hangs on the file × how often and how lately it changes; the "
                "formula stands in docs/hunt.md.", class_="muted"),
        table(("Engine", "Version", "Rows", "Time", "Result"), rows, "Engines", numbers=(2, 3)) if rows else None,
        el("p", "Left out: " + "; ".join(skipped)) if skipped else None,
        el("p", f"Switched off in the code: {hunted.hushed:,}. Below the settings' severity or confidence: "
                f"{hunted.below:,}."),
        listed(trouble) if trouble else None,
        id="how", aria_labelledby="how-heading",
    )  # fmt: skip
