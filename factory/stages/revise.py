"""The first round of a revision: what people and checks said of the pull request, fixed or answered one by one.

Nobody reviews or judges before: people did. The rounds after this one look at what it made.
"""

from factory.contracts.change import Change, FileChange
from factory.contracts.errors import EditProblem
from factory.contracts.feedback import MOST_REMARKS, Remark
from factory.contracts.finding import Finding, Severity
from factory.contracts.run import Run
from factory.contracts.seams import TreeReader
from factory.contracts.verdict import Round
from factory.edits.draft import Draft
from factory.render.amount import many
from factory.stages.fix import fix_all
from factory.stages.merge_base import merge_base
from factory.stages.shop import Shop

GONE = "\n[The lines that this was said of have changed since; it may be settled already.]"


def revise(run: Run, shop: Shop) -> Run:
    """One round. Nothing that was asked for led to a change: the revision ends here, and its answers say why."""
    every = tuple(finding_of(remark, run, shop) for remark in run.remarks)
    judged, evidence, before = run.tree, run.evidence, len(run.fixes)
    exact = {remark.id: remark for remark in run.remarks if remark.suggestion is not None}

    def proposed(now: Run, name: str, item: Finding) -> Change | None:
        remark = exact.get(item.id)
        return suggested(remark, name, now, shop) if remark else None

    merging: dict[str, str] = {}
    for item in every:
        if item.rule == "conflict":
            run, merging[item.id] = merge_base(run, shop)
    todo = tuple(item for item in every if item.rule != "conflict")
    run, fates, more = fix_all(run, shop, 1, todo, MOST_REMARKS, proposed)
    fates |= merging
    noted = tuple(item.but(fate=fates.get(item.id, "open")) for item in dict.fromkeys((*every, *more)))
    changed = run.tree != judged
    made = tuple(change.unit for change in run.fixes[before:])
    why = f"{many(len(every), 'remark')} on the pull request" if changed else "no remark led to a change"
    done = Round(n=1, tree=judged, findings=noted, fixes=made, evidence=evidence,
                 decision="go_on" if changed else "stop", why=why)  # fmt: skip
    shop.watcher.tell("round", n=1, decision=done.decision)
    return run.but(rounds=(done,))


def finding_of(remark: Remark, run: Run, shop: Shop) -> Finding:
    """The remark as everything else that is wrong is told, at the line of the head that it is about."""
    rows = _rows(shop, run.repo.tree, remark.path)
    start, end = placed(remark, rows)
    evidence = rows[end - 1][:500] if end and remark.kind == "thread" else ""
    severity: Severity = "high" if remark.must else "medium"
    gone = remark.kind == "thread" and not end
    fix = f"Put this in the place of lines {start} to {end}:\n{remark.suggestion}" if _exact(remark, end) else ""
    return Finding(
        id=remark.id, source=remark.source, rule=remark.rule, path=remark.path if rows else "", start=start, end=end,
        severity=severity, message=remark.text + (GONE if gone else ""), evidence=evidence.strip(), fix=fix,
    )  # fmt: skip


def placed(remark: Remark, rows: list[str]) -> tuple[int, int]:
    """(first, last) line in the file as it is; (0, 0) when they are not there any more.

    What GitHub says counts where the line still reads as it did; an outdated comment goes to the nearest line that
    reads like the one it was made on."""
    if remark.kind == "check":
        return (remark.start, remark.end) if 0 < remark.end <= len(rows) else (0, 0)
    if not rows or not remark.quote.strip():
        return 0, 0
    if 0 < remark.end <= len(rows) and rows[remark.end - 1].strip() == remark.quote.strip():
        return min(remark.start or remark.end, remark.end), remark.end
    same = [n for n, row in enumerate(rows, start=1) if row.strip() == remark.quote.strip()]
    if not same:
        return 0, 0
    near = min(same, key=lambda n: abs(n - remark.end))
    span = remark.end - remark.start if 0 < remark.start <= remark.end else 0
    return max(near - span, 1), near


def suggested(remark: Remark, name: str, run: Run, shop: Shop) -> Change | None:
    """Exactly the edit that a person proposed, where its lines still stand as they were shown; else None."""
    before = _rows(shop, run.repo.tree, remark.path)
    start, end = placed(remark, before)
    now = _rows(shop, run.tree, remark.path)
    at = _block(now, before[start - 1 : end], start) if _exact(remark, end) else 0
    entry = shop.trees.entries(run.tree).get(remark.path)
    if not at or entry is None:
        return None
    text = "".join(row + "\n" for row in now[: at - 1]) + str(remark.suggestion)
    text += "".join(row + "\n" for row in now[at - 1 + (end - start + 1) :])
    data = text.encode()
    if data == shop.trees.read(entry.oid):
        return None
    file = FileChange(path=remark.path, op="write", mode=entry.mode, oid=shop.trees.blob(data), size=len(data))
    title = f"Apply the suggestion of {remark.author} on {remark.path}"[:200]
    return Change(unit=f"{name}-exact", role="demiurge", title=title, base=run.tree, files=(file,),
                  notes=("exactly as it was proposed; no model was asked",))  # fmt: skip


def _exact(remark: Remark, end: int) -> bool:
    return remark.suggestion is not None and end > 0 and end == remark.end


def _block(rows: list[str], wanted: list[str], near: int) -> int:
    """Where these lines stand as they are, the place nearest to `near`; 0 = nowhere."""
    size = len(wanted)
    found = [n + 1 for n in range(len(rows) - size + 1) if rows[n : n + size] == wanted]
    return min(found, key=lambda n: abs(n - near)) if found and size else 0


def _rows(shop: Shop, tree: str, path: str) -> list[str]:
    """A text file's lines; [] when there is none, or it does not end each line with a plain newline."""
    if not path:
        return []
    try:
        text = Draft(shop.trees, tree, (), shop.policy).read(path)
    except EditProblem:
        return []
    return text.removesuffix("\n").split("\n") if "\r" not in text else []


def reads_otherwise(remark: Remark, run: Run, trees: TreeReader) -> bool:
    """Does no line of the candidate's file read any more as the one that was commented on, which the head still had?"""
    wanted = "".join(remark.quote.split())
    if not wanted:
        return False
    before, after = (
        ["".join(row.split()) for row in text.splitlines()]
        for text in (_text(trees, tree, remark.path) for tree in (run.repo.tree, run.tree))
    )
    return before.count(wanted) > after.count(wanted)


def _text(trees: TreeReader, tree: str, path: str) -> str:
    entry = trees.entries(tree).get(path)
    return trees.read(entry.oid).decode(errors="replace") if entry and entry.mode.startswith("100") else ""
