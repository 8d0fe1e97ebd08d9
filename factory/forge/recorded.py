"""The local forge with an outbox before it: each branch and pull request is written down before it is made."""

from factory.contracts.run import Pull
from factory.contracts.seams import BranchForge, PullForge
from factory.ledger.outbox import Entry, Outbox

BRANCH = "branch"
PULL = "pull request"


class RecordedBranches:
    """Implements BranchForge."""

    def __init__(self, inner: BranchForge, outbox: Outbox) -> None:
        self.inner = inner
        self._outbox = outbox

    def branch(self, name: str) -> str:
        return self.inner.branch(name)

    def push(self, name: str, commit: str, expected: str) -> None:
        def make() -> str:
            self.inner.push(name, commit, expected)
            return commit

        self._outbox.effect(BRANCH, name, {"commit": commit, "from": expected}, make)


class RecordedPulls:
    """Implements PullForge. A pull request's key is the marker, the last line of its text."""

    def __init__(self, inner: PullForge, outbox: Outbox) -> None:
        self.inner = inner
        self._outbox = outbox

    def find(self, marker: str) -> Pull | None:
        return self.inner.find(marker)

    def open(self, title: str, body: str, branch: str, base: str, draft: bool) -> Pull:
        made: list[Pull] = []

        def make() -> str:
            made.append(self.inner.open(title, body, branch, base, draft))
            return str(made[0].number)

        self._outbox.effect(PULL, _marker(body), {"title": title, "draft": draft, "branch": branch}, make)
        return made[0]

    def update(self, number: int, title: str, body: str, draft: bool) -> Pull:
        made: list[Pull] = []

        def make() -> str:
            made.append(self.inner.update(number, title, body, draft))
            return str(number)

        self._outbox.effect(PULL, _marker(body), {"title": title, "draft": draft, "number": number}, make)
        return made[0]


def reconcile(outbox: Outbox, branches: BranchForge, pulls: PullForge) -> tuple[Entry, ...]:
    """Entries that a dead holder left are looked up: what is on the forge is done. Returns what is not there.

    Those the stage makes again when it comes by: it looks before it makes, so nothing is doubled.
    """
    missing = []
    for entry in outbox.left():
        found = _found(entry, branches, pulls)
        if found:
            outbox.done(entry.id, found)
        else:
            missing.append(entry)
    return tuple(missing)


def _found(entry: Entry, branches: BranchForge, pulls: PullForge) -> str:
    """What came of it, or ''. A pull request's text cannot be compared: one with another title was not updated."""
    if entry.kind == BRANCH:
        commit = branches.branch(entry.key)
        return commit if commit == entry.intended["commit"] else ""
    pull = pulls.find(entry.key)
    same = pull and (pull.title, pull.draft) == (entry.intended["title"], entry.intended["draft"])
    return str(pull.number) if pull and same else ""


def _marker(body: str) -> str:
    return body.rstrip().rpartition("\n")[2]
