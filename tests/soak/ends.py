"""What must be so in the end, whatever died: each thing is there once, each end is said, nothing is lost."""

import re
from collections import Counter

from factory.contracts.books import Row
from factory.forge.accounts import legs
from factory.jobs.watch import watch
from factory.memory.lines import Bad, fact, read
from tests.jobs.place import Place
from tests.line.targets import git
from tests.soak.processes import SharedClock

MARK = re.compile(r"run=(\S+) kind=(\S+)")


def two_days_later(here: Place, clock: SharedClock) -> None:
    """What nobody took up is closed by the watchdog."""
    clock.sleep(3600)
    for hours in (48, 1):
        assert watch(here.job(here.ticket(1), "watch", event="schedule"), clock=clock) == 0
        clock.sleep(hours * 3600)
    assert watch(here.job(here.ticket(1), "watch", event="schedule"), clock=clock) == 0


def rows_of(here: Place) -> list[Row]:
    return [Row.model_validate(row) for row in here.ledger()]


def of_task(here: Place, number: int) -> list[str]:
    """What is wrong with one task."""
    mine = [row for row in rows_of(here) if row.issue == number]
    runs = {row.run for row in mine if row.kind == "open"}
    said = here.comments(number)
    found = [f"{len(runs)} runs"] if len(runs) > 1 else []
    found += [f"a lease is left: {leg.open.id}" for leg in legs(mine) if leg.close is None]
    last = {leg.open.run: leg.close for leg in legs(mine)}
    status = [text for text in said if "kind=status" in text]
    for close in last.values():
        over = not status or "At work" not in status[-1]
        lost = any("kind=lost" in text or "kind=over" in text for text in said)
        found += [] if close and ((over and status) or lost) else [f"no end is said of {close and close.id}"]
        if close and close.state in ("done", "draft"):
            found += delivered(here, close)
    return [f"#{number}: {problem}" for problem in found]


def delivered(here: Place, close: Row) -> list[str]:
    pull = here.repo.issues.get(close.pull_made)
    if pull is None or pull.pull is None:
        return [f"pull request {close.pull_made} of {close.id} is not there"]
    head = git(here.repo.folder, "for-each-ref", "--format=%(objectname)", f"refs/heads/{pull.pull.head}")
    if head != close.head:
        return [f"the branch of #{pull.number} is at {head}, not at {close.head}"]
    text = git(here.repo.folder, "show", f"{head}:app.py")
    return [] if "def two()" in text else [f"the work is not on the branch of #{pull.number}"]


def of_all(here: Place) -> list[str]:
    """What there is twice."""
    named = Counter(row["id"] for row in here.ledger())
    marks: Counter[tuple[object, ...]] = Counter()
    for issue in here.repo.issues.values():
        texts = [each.body for each in issue.comments]
        texts += [each.body for each in issue.pull.reviews] if issue.pull else []
        marks.update((issue.number, *found.groups()) for text in texts for found in MARK.finditer(text))
        marks.update(("body", *found.groups()) for found in MARK.finditer(issue.body))
    sent = Counter(
        each.payload["client_payload"]["run"] for each in here.hub.events if each.name == "repository_dispatch"
    )
    heads = Counter(each.pull.head for each in here.repo.issues.values() if each.pull)
    branches = git(here.repo.folder, "for-each-ref", "--format=%(refname:short)", "refs/heads/factory").split()
    orphans = [name for name in branches if name not in heads and not lost(here, name)]
    found = [
        f"twice: {f'#{what[0]} ' if isinstance(what, tuple) else ''}{what}"
        for many in (named, marks, sent, heads, remembered(here))
        for what, n in many.items()
        if n > 1
    ]
    return found + [f"#{issue_of(name)}: a branch without a pull request: {name}" for name in orphans]


def issue_of(branch: str) -> int:
    return int(branch.removeprefix("factory/").partition("-")[0])


def lost(here: Place, branch: str) -> bool:
    """Its job died right after the push, and nobody ran it again: a failed end, which `of_task` wants to be said."""
    ends = [leg.close for leg in legs(rows_of(here)) if leg.open.issue == issue_of(branch)]
    return bool(ends) and all(close and close.state == "failed" and not close.head for close in ends)


def remembered(here: Place) -> Counter[str]:
    if not git(here.repo.folder, "for-each-ref", "refs/heads/factory-memory"):
        return Counter()
    names = git(here.repo.folder, "ls-tree", "--name-only", "factory-memory").split()
    raw = "\n".join(git(here.repo.folder, "show", f"factory-memory:{name}") for name in names).encode()
    return Counter(str(fact(line)) for line in read(raw, here.clock.epoch() + 86_400) if not isinstance(line, Bad))
