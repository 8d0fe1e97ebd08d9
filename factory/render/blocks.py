"""The sections of the HTML report: each takes the story and returns what stands under its heading."""

from collections.abc import Sequence

from factory.contracts.evidence import Reproduction, SuiteResult
from factory.contracts.finding import Finding
from factory.contracts.story import Story
from factory.contracts.verdict import Round, Verdict
from factory.render import amount, facts
from factory.render.diffview import note
from factory.render.element import Html, badge, el, fold, join, listed, name, table
from factory.render.text import clip, line

DECISIONS = {"ACCEPT": "good", "REVISE": "warn", "REJECT": "bad"}
NAMES = 200  # names of one list
LOG = 20_000  # characters of one log


def asked(story: Story) -> Html:
    task = story.run.task
    if task is None:
        return el("p", "The task was not read.", class_="muted")
    body = el("pre", clip(task.body, 8000), class_="words") if task.body.strip() else None
    summary = story.run.plan.summary if story.run.plan else ""
    source = f"A {task.kind}, from {line(story.run.event.source, 200)}" + ("." if body else ", without further text.")
    return join(
        [
            el("p", source, class_="muted"),
            fold("The issue's text", body, open_=len(task.body) < 1500) if body else None,
            listed(task.notes, "muted") if task.notes else None,
            el("p", el("b", "Plan: "), summary) if summary else None,
        ]
    )


def acceptance(story: Story) -> Html:
    rows = []
    for row in facts.criteria(story):
        mark = badge("shown", "good") if row.shown else badge("not shown", "warn")
        proofs = listed([_proof(proof) for proof in row.proofs[:20]], "bare") if row.proofs else el("span", "–")
        rows.append((mark, el("b", row.criterion.id), row.criterion.text, proofs, ", ".join(row.units)))
    if not rows:
        return el("p", "There is no plan, so there are no criteria.", class_="muted")
    return table(("", "Criterion", "What must be true", "Shown by", "Worked on by"), rows, "Acceptance criteria")


def _proof(proof: facts.Proof) -> Html:
    kind = "" if proof.kind == "unknown" else f"{proof.kind} "
    return join([kind, name(proof.name), " ", el("span", proof.state, class_="muted")])


def tests(story: Story) -> Html:
    evidence = story.run.evidence
    if evidence is None:
        return el("p", "The tests did not run.", class_="muted")
    rows = [
        (el("code", suite.name), amount.counted(suite.base), amount.counted(suite.candidate),
         *(_count(names) for _, names in _lists(suite)))
        for suite in evidence.suites
    ]  # fmt: skip
    heads = ("Suite", "Base", "Candidate", *(word.capitalize() for word in _WORDS))
    return join(
        [
            el("p", f"{facts.ran_in(story.run)} The base's own tests judged the candidate."),
            None if evidence.tests_found else el("p", badge("no tests found", "warn"), " No test backs this change."),
            el("p", badge("tampered", "bad"), " The candidate's numbers were not believed.")
            if evidence.tampered
            else None,
            table(heads, rows, "Tests before and after", range(3, 10)) if rows else None,
            *(_suite(story, suite) for suite in evidence.suites),
            _bug(story),
            *(_reproduction(item) for item in evidence.reproductions),
            listed(evidence.notes, "muted") if evidence.notes else None,
        ]
    )


_WORDS = ("broken", "fixed", "added", "flaky", "red before", "vanished", "now skipped")


def _lists(suite: SuiteResult) -> Sequence[tuple[str, tuple[str, ...]]]:
    named = (suite.broken, suite.fixed, suite.added, suite.flaky, suite.preexisting, suite.vanished)
    return tuple(zip(_WORDS, (*named, suite.newly_skipped), strict=True))


def _count(names: tuple[str, ...]) -> Html:
    return el("b", f"{len(names):,}") if names else el("span", "–", class_="muted")


def _suite(story: Story, suite: SuiteResult) -> Html:
    names = [
        join([el("h4", word.capitalize()), listed([name(each) for each in found[:NAMES]], "bare")])
        for word, found in _lists(suite)
        if found
    ]
    logs = [
        fold(f"Output on the {tree}", el("pre", clip(story.logs[outcome.log], LOG)))
        for tree, outcome in (("base", suite.base), ("candidate", suite.candidate))
        if outcome.log in story.logs
    ]
    command = el("p", el("code", suite.command), class_="muted small")
    return fold(join([el("code", suite.name), " in detail"]), command, *names, *logs)


def _bug(story: Story) -> Html | None:
    run = story.run
    if run.evidence is None or run.task is None or run.task.kind != "bug":
        return None
    if not run.evidence.bug_shown:
        return el("p", badge("bug not shown", "warn"), " No new test is red on the base and green on the candidate.")
    tests_named = listed([name(each) for each in run.evidence.bug_tests[:NAMES]], "bare")
    return el("div", el("p", badge("bug shown", "good"), " Red on the base, green on the candidate:"), tests_named)


def _reproduction(item: Reproduction) -> Html:
    exits = f" exit {item.base_exit} on the base, {item.candidate_exit} on the candidate"
    both = el(
        "div",
        el("div", el("h4", "On the base"), el("pre", clip(item.base_output, LOG))),
        el("div", el("h4", "On the candidate"), el("pre", clip(item.candidate_output, LOG))),
        class_="two",
    )
    return fold(join(["Reproduction ", el("code", item.command), exits]), both)


def rounds(story: Story) -> Html:
    if not story.run.rounds:
        verdict = story.run.verdict
        return _verdict(verdict) if verdict else el("p", facts.judged(story.run), class_="muted")
    return join(_round(turn) for turn in story.run.rounds)


def _round(turn: Round) -> Html:
    green = "no checks" if turn.evidence is None else "checks green" if turn.evidence.green else "checks not green"
    tone = "calm" if turn.evidence is None else "good" if turn.evidence.green else "bad"
    fixes = f"; fixes: {', '.join(turn.fixes)}" if turn.fixes else ""
    decided = turn.verdict.decision if turn.verdict and turn.verdict.model else ""
    return el(
        "article",
        el(
            "h3",
            f"Round {turn.n} ",
            badge(decided, DECISIONS[decided]) if decided else badge("not judged", "calm"),
            " ",
            badge(green, tone),
            " ",
            badge(amount.many(len(turn.findings), "finding"), "calm"),
        ),
        _verdict(turn.verdict) if turn.verdict else None,
        el("p", f"No readable answer from {', '.join(turn.silent)}.", class_="muted") if turn.silent else None,
        el("p", el("b", f"Then: {turn.decision.replace('_', ' ')}"), f" ({turn.why})" if turn.why else "", fixes),
        class_="card",
    )


def _verdict(verdict: Verdict) -> Html:
    if not verdict.model:
        return join([el("p", facts.NO_MODEL), listed(verdict.reasons)])
    who = f"{verdict.model} ({', '.join(part for part in (verdict.tier, verdict.endpoint) if part)})"
    first = f"{verdict.escalated_from} judged first; asked again because: {verdict.escalated_because}"
    terms = [(name, f"{value:.2f}") for name, value in verdict.terms]
    return join(
        [
            el("p", el("b", who), f" with confidence {verdict.confidence:.2f}"),
            el("p", first, class_="muted") if verdict.escalated_from else None,
            listed(verdict.reasons),
            fold("How the confidence was computed", table(("Term", "Value"), terms, "Terms of the confidence", (1,)))
            if terms
            else None,
        ]
    )


def findings(story: Story) -> Html:
    found = facts.findings(story.run)
    if not found:
        return el("p", "Nothing was found.", class_="muted")
    still = [finding for finding in found if facts.is_open(finding)]
    settled = [finding for finding in found if not facts.is_open(finding)]
    return join(
        [
            el("p", f"{len(still)} open, {len(settled)} settled.", class_="muted"),
            *(note(finding) for finding in still[:NAMES]),
            fold(amount.many(len(settled), "settled finding"), *(note(finding) for finding in settled[:NAMES]))
            if settled
            else None,
        ]
    )


def look(flagged: Sequence[Finding]) -> Html:
    return listed([join([el("code", row.path), " ", row.message]) for row in flagged[:NAMES]])


def failed(rows: Sequence[facts.Failed]) -> Html:
    return table(
        ("Unit", "Role", "Task", "Why"),
        [(el("code", row.unit), row.role, row.title, clip(row.why, 1000)) for row in rows[:NAMES]],
        "Units that brought nothing in",
    )
