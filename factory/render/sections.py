"""The parts of a run's account in markdown. `pull` and `markdown` choose and order them.

Each takes the story and returns markdown without its heading, or '' when there is nothing to say. Words of models and
of the issue go through `prose`, `code`, `fence` or `quote`; an author's own summary is never printed.
"""

from collections.abc import Iterable, Sequence

from factory.contracts.evidence import Reproduction, SuiteResult
from factory.contracts.finding import Finding
from factory.contracts.story import Story
from factory.render import amount, facts
from factory.render.text import clip, code, fence, prose, quote, summary

MANY = 40  # rows of one list before the rest is only counted


def asked(story: Story) -> str:
    task, event = story.run.task, story.run.event
    if task is None:
        return f"Asked by {prose(event.source)}; the task was not read."
    number = f"Issue {prose(task.number)}, " if task.number.isdigit() else ""
    number = f"For #{story.issue}, " if story.issue else number
    lines = [f"**{prose(task.title)}**", f"{number}{task.kind}, from {code(event.source)}."]
    return "\n\n".join([*lines, quote(task.body)] if task.body.strip() else lines)


def notices(story: Story) -> str:
    """What this forge asks of whoever merges."""
    return bullets(prose(row, 600) for row in story.notices)


def verdict(story: Story) -> str:
    """Who judged, with which confidence and why; what to know before believing it."""
    run = story.run
    state = facts.standing(run)
    parts = [f"**{prose(state.word)}**: {prose(state.sentence, 1000)}"]
    if facts.unsafe(run):
        parts.insert(
            0, "> [!CAUTION]\n> **`--sandbox none`: the repository's code ran WITHOUT a sandbox on this run.**"
        )
    if story.recorded:
        parts.append(f"**Recorded answers, no live model:** {prose(story.recorded)}")
    if run.evidence and run.evidence.tampered:
        parts.append("**Tests were tampered with:** the candidate's numbers were not believed.")
    if run.stopped and run.verdict:
        parts.append(prose(facts.judged(run), 1000))
    if run.stopped and run.stopped.reason != "nothing_to_do":
        parts.append(f"Go on with {code('/factory retry' if run.ticket else f'factory resume {run.id}')}.")
    if facts.escalation(run):
        parts.append(prose(facts.escalation(run), 1000))
    return "\n\n".join([*parts, *_why(story)])


def _why(story: Story) -> list[str]:
    made = story.run.verdict
    if made is None:
        return []
    parts = []
    if made.reasons:
        parts.append("The judge's reasons:\n\n" + bullets(prose(reason, 500) for reason in made.reasons))
    if made.terms:
        terms = ", ".join(f"{prose(name)} {value:.2f}" for name, value in made.terms)
        parts.append(f"Confidence {made.confidence:.2f} was computed from: {terms}.")
    return parts


def rounds(story: Story) -> str:
    rows = []
    for turn in story.run.rounds:
        judged = turn.verdict
        said = f"{judged.decision} {judged.confidence:.2f} {code(judged.model)}" if judged else "not judged"
        green = "no checks" if turn.evidence is None else "green" if turn.evidence.green else "not green"
        fixes = ", ".join(code(fix) for fix in turn.fixes) or "none"
        found = str(len(turn.findings)) + (f" (silent: {', '.join(map(code, turn.silent))})" if turn.silent else "")
        rows.append((str(turn.n), green, found, fixes, said, prose(turn.why or turn.decision)))
    return grid(("Round", "Checks", "Findings", "Fixes", "Verdict", "What followed"), rows)


def acceptance(story: Story) -> str:
    rows = []
    for row in facts.criteria(story):
        shown = "<br>".join(_proof(proof) for proof in row.proofs[:8]) or "**not shown**"
        if row.proofs and not row.shown:
            shown = f"**not shown**<br>{shown}"
        units = ", ".join(code(unit) for unit in row.units) or "-"
        rows.append((code(row.criterion.id), prose(row.criterion.text, 400), shown, units))
    return grid(("", "Criterion", "Shown by", "Worked on by"), rows)


def _proof(proof: facts.Proof) -> str:
    return f"{proof.kind if proof.kind != 'unknown' else ''} {code(proof.name)} ({prose(proof.state)})".strip()


def tests(story: Story) -> str:
    evidence = story.run.evidence
    if evidence is None:
        return "The tests did not run."
    parts = [f"{prose(facts.ran_in(story.run))} The base's own tests judged the candidate."]
    if not evidence.tests_found:
        parts.append("**No tests found** in this repository, so no test backs this change.")
    rows = [
        (code(suite.name), amount.counted(suite.base), amount.counted(suite.candidate),
         *(str(len(names)) for _, names in _lists(suite)))
        for suite in evidence.suites
    ]  # fmt: skip
    heads = ("Suite", "Base", "Candidate", "Broken", "Fixed", "Added", "Flaky", "Red before", "Vanished", "Now skipped")
    parts.append(grid(heads, rows))
    parts += [_names(suite) for suite in evidence.suites]
    parts += [f"Note: {prose(note, 500)}" for note in evidence.notes[:MANY]]
    return "\n\n".join(part for part in parts if part)


def _lists(suite: SuiteResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("broken", suite.broken),
        ("fixed", suite.fixed),
        ("added", suite.added),
        ("flaky", suite.flaky),
        ("red before the change", suite.preexisting),
        ("vanished", suite.vanished),
        ("now skipped", suite.newly_skipped),
    )


def _names(suite: SuiteResult) -> str:
    parts = [
        f"{word.capitalize()}:\n\n{bullets(map(code, names[:MANY]))}{more(len(names) - MANY)}"
        for word, names in _lists(suite)
        if names
    ]
    return details(f"{suite.name}: tests by name", "\n\n".join(parts)) if parts else ""


def bug(story: Story) -> str:
    """For a bug: what is red on the base and green on the candidate."""
    run = story.run
    if run.evidence is None or run.task is None:
        return ""
    if run.task.kind != "bug" and not run.evidence.reproductions:
        return ""
    parts = []
    if run.evidence.bug_shown:
        tests = bullets(map(code, run.evidence.bug_tests[:MANY])) or "- (the runner names no single tests)"
        parts.append(f"**Shown:** red on the base, green on the candidate:\n\n{tests}")
    elif run.task.kind == "bug":
        parts.append("**Not shown:** no new test fails on the base and passes on the candidate.")
    parts += [_reproduction(item) for item in run.evidence.reproductions[:8]]
    return "\n\n".join(parts)


def _reproduction(item: Reproduction) -> str:
    title = f"Reproduction {item.command}: exit {item.base_exit} on the base, {item.candidate_exit} after"
    body = (
        f"On the base:\n\n{fence(item.base_output, 2000)}\n\nOn the candidate:\n\n{fence(item.candidate_output, 2000)}"
    )
    return details(title, body)


def findings(story: Story) -> str:
    found = facts.findings(story.run)
    rows = [
        (prose(item.severity), place(item), prose(item.message, 300), code(item.source), prose(item.fate, 200))
        for item in found[:MANY]
    ]
    return grid(("Severity", "Where", "What", "Found by", "Fate"), rows) + more(len(found) - MANY)


def failed(story: Story) -> str:
    rows = facts.failed(story.run)
    text = bullets(
        f"{code(row.unit)} ({prose(row.role)}, {prose(row.title)}): {prose(row.why, 400)}" for row in rows[:MANY]
    )
    return text + more(len(rows) - MANY)


def look(story: Story) -> str:
    rows = facts.flagged(story.run)
    return bullets(f"{code(row.path)}: {prose(row.message)}" for row in rows[:MANY]) + more(len(rows) - MANY)


def cost(story: Story) -> str:
    sums = facts.totals(story)
    rows = [
        (prose(row.role), row.tier, code(row.endpoint), str(row.calls), amount.tokens(row.tokens_in),
         amount.tokens(row.tokens_cached), amount.tokens(row.tokens_out), amount.duration(row.seconds),
         amount.money(row.cost))
        for row in story.costs[:MANY]
    ]  # fmt: skip
    spent = (
        f"{amount.cost(sums.cost, sums.recorded)} in {amount.many(sums.calls, 'call')}, "
        f"{amount.duration(sums.seconds)} from start to end "
        f"({amount.duration(sums.model_seconds)} of it model time, summed)."
    )
    head = spent if sums.calls else f"No model was asked; {amount.duration(sums.seconds)} from start to end."
    heads = ("Role", "Tier", "Endpoint", "Calls", "Tokens in", "Cached", "Tokens out", "Time", "Cost")
    table = grid(heads, rows) + more(len(story.costs) - MANY)
    return "\n\n".join(part for part in (head, table) if part)


def egress(story: Story) -> str:
    if not story.sent:
        return "Nothing of the repository was sent to a model."
    rows = [
        (code(row.endpoint), row.tier, str(row.files), amount.size(row.bytes), amount.share(row.distinct, row.share),
         ", ".join(code(path) for path in row.paths[:12]) + (" …" if len(row.paths) > 12 else ""))
        for row in story.sent[:MANY]
    ]  # fmt: skip
    heads = ("Endpoint", "Tier", "Files", "Bytes", "Of the repository", "Which")
    return f"{facts.left(story)}\n\n{grid(heads, rows)}{more(len(story.sent) - MANY)}"


def place(finding: Finding) -> str:
    return code(f"{finding.path}:{finding.start}" if finding.start else finding.path) or "the whole change"


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are markdown already; '' without rows."""
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def more(count: int) -> str:
    return f"\n\n… and {count:,} more in `report.html`." if count > 0 else ""


def details(title: str, body: str) -> str:
    """Folded; `title` is untrusted text, `body` is markdown already."""
    return f"<details><summary>{summary(title)}</summary>\n\n{body}\n\n</details>"


def diff(story: Story, limit: int) -> str:
    if not story.diff:
        return ""
    note = f"\n\nThe diff has {len(story.diff):,} characters; this is its beginning." if len(story.diff) > limit else ""
    return fence(clip(story.diff, limit), limit + 1, "diff") + note


# What every account of a run says after the verdict: heading, section, how soon it is given up (see pull.fit).
ACCOUNT = (
    ("A person must look at", look, 1),
    ("Acceptance criteria", acceptance, 3),
    ("Bug shown", bug, 6),
    ("Tests before and after", tests, 4),
    ("Units that brought nothing in", failed, 5),
    ("Findings", findings, 7),
    ("Rounds", rounds, 8),
    ("Cost and time", cost, 9),
    ("Sent to models", egress, 10),
)
