"""`report.html`: one file that holds everything about a run, asks for nothing else and needs no scripts."""

from factory.contracts.story import Story
from factory.render import amount, blocks, books, diffview, facts, picture
from factory.render.document import document
from factory.render.element import Html, badge, el, join, table
from factory.render.text import line
from factory.render.timeline import steps


def page(story: Story) -> str:
    """The report as a whole HTML document; every word of the run in it is escaped."""
    sections = _sections(story)
    body = el(
        "body",
        el("a", "Skip to the content", href="#content", class_="skip"),
        _header(story),
        _contents([name for name, _, _ in sections]),
        el("main", *(_section(*section) for section in sections), id="content"),
        el("footer", f"Dark Factory, run {story.run.id}, {story.run.created}. The factory never merges."),
    )
    return document(_title(story), body)


def _title(story: Story) -> str:
    return line(story.run.task.title if story.run.task else f"Run {story.run.id}", 200)


def _sections(story: Story) -> list[tuple[str, str, Html]]:
    run = story.run
    flagged, failed = facts.flagged(run), facts.failed(run)
    return [
        ("line", "The line", picture.line(story)),
        ("asked", "What was asked", blocks.asked(story)),
        *([("look", "A person must look at", blocks.look(flagged))] if flagged else []),
        ("criteria", "Acceptance criteria", blocks.acceptance(story)),
        ("tests", "Tests before and after", blocks.tests(story)),
        ("verdict", "Verdict, round by round", blocks.rounds(story)),
        *([("failed", "Units that brought nothing in", blocks.failed(failed))] if failed else []),
        ("findings", "Findings", blocks.findings(story)),
        ("change", "The change", diffview.view(story.diff, facts.findings(run))),
        ("work", "Who worked when", _work(story)),
        ("cost", "Cost by role and tier", books.cost(story)),
        ("egress", "What was sent to which endpoint", books.egress(story)),
        ("transcript", "Transcript", books.transcript(story)),
        ("trail", "Trail", books.trail(story)),
    ]


def _section(name: str, heading: str, body: Html) -> Html:
    return el("section", el("h2", heading, id=f"{name}-heading"), body, id=name, aria_labelledby=f"{name}-heading")


def _contents(names: list[str]) -> Html:
    return el("nav", *(el("a", name.capitalize(), href=f"#{name}") for name in names), aria_label="Contents")


def _header(story: Story) -> Html:
    run = story.run
    state = facts.standing(run)
    number = f"issue {run.task.number} · " if run.task and run.task.number.isdigit() else ""
    kind = f"{run.task.kind} · " if run.task else ""
    return el(
        "header",
        el("p", f"Dark Factory · {number}{kind}{line(run.repo.ref, 80)} at {run.repo.commit[:10]}", class_="eyebrow"),
        el("h1", _title(story)),
        el("p", badge(state.word, state.tone), " ", line(state.sentence, 500), class_="lead"),
        el("p", line(facts.escalation(run), 500), class_="muted") if facts.escalation(run) else None,
        *_warnings(story),
        _stats(story),
        _delivered(story),
    )


def _warnings(story: Story) -> list[Html]:
    found = []
    if facts.unsafe(story.run):
        words = " The repository's code ran WITHOUT a sandbox (--sandbox none)."
        found.append(el("p", el("b", "No sandbox."), words, class_="banner bad", role="alert"))
    if story.recorded:
        found.append(
            el("p", el("b", "Recorded answers, no live model. "), line(story.recorded, 300), class_="banner warn")
        )
    return found


def _stats(story: Story) -> Html:
    run, sums = story.run, facts.totals(story)
    judged = run.verdict is not None and bool(run.verdict.model)
    confidence = f"{run.verdict.confidence:.0%}" if run.verdict and judged else "–"
    criteria = facts.criteria(story)
    rows = (
        ("Confidence", confidence),
        ("Criteria shown", f"{sum(row.shown for row in criteria)} of {len(criteria)}" if criteria else "–"),
        ("Tests", _tests(story)),
        ("Cost", amount.cost(sums.cost, sums.recorded)),
        ("Time", amount.duration(sums.seconds)),
        ("Model calls", f"{sums.calls:,}"),
        ("Rounds", str(len(run.rounds))),
    )
    return el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in rows), class_="stats")


def _tests(story: Story) -> str:
    evidence = story.run.evidence
    if evidence is None:
        return "not run"
    if not evidence.tests_found:
        return "none found"
    return "green" if evidence.green else "not green"


def _delivered(story: Story) -> Html | None:
    made = story.run.delivery
    if made is None:
        return None
    pull = (
        f"{line(made.pull.title, 120)} ({'draft, ' if made.pull.draft else ''}number {made.pull.number})"
        if made.pull
        else ""
    )
    return el(
        "p",
        "Branch ",
        el("code", line(made.branch, 120)),
        join([" with ", amount.many(len(made.commits), "commit")]),
        join([", pull request ", el("b", pull)]) if made.pull else None,
        class_="muted",
    )


def _work(story: Story) -> Html:
    rows = [
        (span.stage, span.unit, span.kind, span.label, f"{span.start:.1f}", amount.duration(span.seconds))
        for span in steps(story.spans)[:1000]
    ]
    legend = el(
        "p",
        *(el("span", el("i", class_=f"key {kind}"), word) for kind, word in _LEGEND),
        class_="legend",
    )
    heads = ("Stage", "Unit", "Kind", "What", "Start (s)", "Took")
    as_table = el("details", el("summary", "The same as a table"), table(heads, rows, "Steps of the run", (4, 5)))
    return join([picture.gantt(story), legend, as_table])


_LEGEND = (
    ("unit", "unit"),
    ("exchange", "model at work"),
    ("check", "check in the sandbox"),
    ("install", "other steps"),
)
