"""The diff of the report: file by file, with the findings at their lines."""

from collections import defaultdict
from collections.abc import Sequence

from factory.contracts.finding import Finding
from factory.render import amount, facts
from factory.render.diffs import FileDiff, Row, parse
from factory.render.element import Html, badge, el, fold, marked
from factory.render.text import clip

LINES_IN_ALL = 4000
LINES_OF_A_FILE = 800
FILES = 300
WIDTH = 500  # characters of one line
TONES = {"critical": "bad", "high": "bad", "medium": "warn", "low": "calm", "info": "calm"}


def view(diff: str, findings: Sequence[Finding]) -> Html:
    """All files; long ones are capped and a sentence says so. Findings without a line in the diff come first."""
    files = parse(diff)
    if not files:
        return el("p", "The run changed nothing." if not diff else "The diff cannot be shown.", class_="muted")
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_path[finding.path].append(finding)
    added, removed = sum(file.added for file in files), sum(file.removed for file in files)
    left, shown = LINES_IN_ALL, []
    open_ = added + removed <= 400
    for file in files[:FILES]:
        shown.append(_file(file, by_path[file.path], min(left, LINES_OF_A_FILE), open_))
        left = max(left - len(file.rows), 0)
    if len(files) > FILES:
        shown.append(el("p", f"{len(files) - FILES:,} more files are not shown: use git diff.", class_="muted"))
    head = el("p", amount.many(len(files), "file"), ", ", _plus_minus(added, removed), class_="muted")
    return el("div", head, *shown, class_="diff")


def _plus_minus(added: int, removed: int) -> Html:
    plus, minus = el("span", f"+{added:,}", class_="plus"), el("span", f"−{removed:,}", class_="minus")
    return el("span", plus, " ", minus, class_="counts")


def _file(file: FileDiff, findings: Sequence[Finding], room: int, open_: bool) -> Html:
    at_line, elsewhere = _placed(file, findings)
    parts: list[Html] = []
    cut = file.rows[:room]
    for row in cut:
        parts.append(_row(row))
        parts += [el("tr", el("td", note(finding), colspan="3"), class_="at") for finding in at_line.get(row.new, ())]
    hidden = [finding for line in set(at_line) - {row.new for row in cut} for finding in at_line[line]]
    summary = el(
        "span",
        el("code", file.path),
        el("span", file.note, class_="muted") if file.note else None,
        _plus_minus(file.added, file.removed),
        badge(amount.many(len(findings), "finding"), "warn") if findings else None,
        class_="row",
    )
    more = len(file.rows) - len(cut)
    body = [
        *(el("div", note(finding), class_="at") for finding in (*elsewhere, *hidden)),
        _table(file.path, parts) if parts else None,
        el("p", f"{more:,} more lines are not shown: use git diff.", class_="muted more") if more else None,
    ]
    return fold(summary, *body, open_=(open_ or bool(findings)) and bool(cut), class_="file")


def _table(path: str, rows: Sequence[Html]) -> Html:
    heads = el("tr", *(el("th", name, scope="col") for name in ("old", "new", "line")))
    return el(
        "div",
        el("table", el("caption", f"Changes in {path}"), el("thead", heads, class_="unseen"), el("tbody", *rows)),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=f"Changes in {path}",
    )


def _row(row: Row) -> Html:
    numbers = (el("td", str(number) if number else "", class_="n") for number in (row.old, row.new))
    return el("tr", *numbers, el("td", clip(row.text, WIDTH), class_="c"), class_=row.kind)


def _placed(file: FileDiff, findings: Sequence[Finding]) -> tuple[dict[int, list[Finding]], list[Finding]]:
    """Findings by the last of their lines that the diff shows, and those that have none."""
    lines = {row.new for row in file.rows if row.new}
    at_line: dict[int, list[Finding]] = defaultdict(list)
    elsewhere = []
    for finding in findings:
        first, last = finding.start, max(finding.end, finding.start)
        spot = max((number for number in lines if first <= number <= last), default=0) if first else 0
        if spot:
            at_line[spot].append(finding)
        else:
            elsewhere.append(finding)
    return at_line, elsewhere


def note(finding: Finding) -> Html:
    """One finding as a card: what, how sure, who says so, what became of it."""
    where = f"{finding.path}:{finding.start}" if finding.start else finding.path
    facts_line = (
        f"{finding.source} · {finding.rule}"
        + (f" · {finding.category}" if finding.category else "")
        + (f" · {finding.confidence:.0%} sure" if finding.confidence < 1 else "")
    )
    fate = badge(finding.fate, "warn" if facts.is_open(finding) else "good")
    return el(
        "div",
        el("p", badge(finding.severity, TONES[finding.severity]), " ", marked(finding.message), " ", fate),
        el("p", el("code", where), " ", facts_line, class_="muted small"),
        el("pre", clip(finding.evidence, 2000)) if finding.evidence else None,
        el("p", "Suggested: ", marked(clip(finding.fix, 1000)), class_="small") if finding.fix else None,
        class_="finding",
    )
