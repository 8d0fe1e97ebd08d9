"""The report's books: what it cost, what left the machine, what was said, what was noted."""

from factory.contracts.story import Story, Talk
from factory.render import amount, facts
from factory.render.element import Html, badge, el, fold, join, listed, table
from factory.render.text import clip

TALKS = 400  # exchanges
SIDE = 16_000  # characters of one request or reply
ALL = 6_000_000  # characters of the whole transcript
TIERS = {"local": "good", "rented": "warn", "frontier": "warn"}


def cost(story: Story) -> Html:
    if not story.costs:
        return el("p", "No model was asked, so nothing was spent.", class_="muted")
    sums = facts.totals(story)
    rows = [
        (row.role, badge(row.tier, TIERS[row.tier]), row.endpoint, f"{row.calls:,}", amount.tokens(row.tokens_in),
         amount.tokens(row.tokens_cached), amount.tokens(row.tokens_out), amount.duration(row.seconds),
         amount.money(row.cost))
        for row in story.costs
    ]  # fmt: skip
    cached = sum(row.tokens_cached for row in story.costs)
    last = (
        "All", "", "", f"{sums.calls:,}", amount.tokens(sums.tokens_in), amount.tokens(cached),
        amount.tokens(sums.tokens_out), amount.duration(sums.model_seconds),
        amount.cost(sums.cost, sums.recorded),
    )  # fmt: skip
    heads = ("Role", "Tier", "Endpoint", "Calls", "Tokens in", "Cached", "Tokens out", "Model time", "Cost")
    return table(heads, [*rows, tuple(el("b", cell) for cell in last)], "Cost by role and tier", range(3, 9))


def egress(story: Story) -> Html:
    if not story.sent:
        return el("p", "Nothing of the repository was sent to a model.", class_="muted")
    rows = [
        (row.endpoint, badge(row.tier, TIERS[row.tier]), f"{row.files:,}", amount.size(row.bytes),
         amount.share(row.distinct, row.share),
         fold(amount.many(len(row.paths), "path"), listed([el("code", path) for path in row.paths[:500]], "bare"))
         if row.paths else "–")
        for row in story.sent
    ]  # fmt: skip
    heads = ("Endpoint", "Tier", "Files", "Bytes", "Of the repository", "Which")
    return join([el("p", facts.left(story)), table(heads, rows, "What was sent to which endpoint", (2, 3, 4))])


def transcript(story: Story) -> Html:
    if not story.talks:
        return el("p", "No model was asked.", class_="muted")
    shown, room = [], ALL
    for talk in story.talks[:TALKS]:
        if room <= 0:
            break
        shown.append(_talk(talk))
        room -= min(len(talk.request), SIDE) + min(len(talk.reply), SIDE)
    left = len(story.talks) - len(shown)
    more = el("p", f"{amount.many(left, 'more exchange')} left out: see the journal.", class_="muted") if left else None
    return join([*shown, more])


def _talk(talk: Talk) -> Html:
    spent = f"{amount.tokens(talk.tokens_in)} in, {amount.tokens(talk.tokens_out)} out, {amount.money(talk.cost)}"
    place = " / ".join(part for part in (talk.stage, talk.unit, str(talk.n)) if part)
    summary = el(
        "span",
        el("b", talk.role),
        el("span", talk.template, class_="muted"),
        el("span", place, class_="muted"),
        el("span", f"{talk.endpoint} · {talk.model}" if talk.model else talk.endpoint),
        el("span", f"{spent}, {amount.duration(talk.seconds)}", class_="counts muted"),
        badge(talk.problem, "bad") if talk.problem else None,
        class_="row",
    )
    return fold(
        summary,
        el("h4", "Request"),
        el("pre", _cut(talk.request), class_="words"),
        el("h4", "Reply"),
        el("pre", _cut(talk.reply), class_="words") if talk.reply else el("p", "No reply.", class_="muted"),
        class_="talk",
    )


def _cut(text: str) -> str:
    if len(text) <= SIDE:
        return text
    return f"{text[: SIDE * 2 // 3]}\n[… {len(text) - SIDE:,} characters left out …]\n{text[-SIDE // 3 :]}"


def trail(story: Story) -> Html:
    rows = story.trail[:500]
    return listed([clip(row, 1000) for row in rows]) if rows else el("p", "Nothing of note.", class_="muted")
