"""What became of a pull request after we delivered it: merged, edited by people, reverted, closed without a merge.

Here by GitHub's own word; landed.py tells it from the commits of a repository on this machine. Both only read, look at
a bounded part, and say the same thing again when nothing has changed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from factory.contracts.errors import HubMissing
from factory.contracts.hub import PullInfo, PullReader
from factory.contracts.memory import Observation, Word
from factory.contracts.run import Run
from factory.memory.fold import Past
from factory.memory.lines import exact, signed

MOST_PULLS = 20  # looked at in one go, the newest
MOST_CLOSED = 100  # closed pull requests in which reverts are looked for


@dataclass(frozen=True)
class Delivered:
    """What a run left on a forge. `commits`: ours, oldest first; a pull request's head is the last."""

    run: str
    pull: int
    commits: tuple[str, ...]
    base: str = ""  # branch
    branch: str = ""
    start: str = ""  # commit the run started from


def from_run(run: Run) -> Delivered | None:
    made = run.delivery
    if made is None or not made.commits:
        return None
    pull = made.pull
    number = pull.number if pull and run.ticket else 0  # a local forge's numbers are not GitHub's
    return Delivered(run.id, number, tuple(each.sha for each in made.commits),
                     pull.base if pull else run.repo.ref, made.branch, run.repo.commit)  # fmt: skip


def from_memory(runs: Iterable[Past]) -> list[Delivered]:
    """Runs with a pull request whose end can still change: what is closed or reverted stays so."""
    open_ = [run for run in runs if run.pull and run.commit and not {"closed", "reverted"} & run.ends]
    return [Delivered(run.id, run.pull, (run.commit,)) for run in open_]


def hub_outcomes(delivered: Sequence[Delivered], pulls: PullReader, repo: str, at: str) -> list[Observation]:
    """By GitHub's word, for the newest `MOST_PULLS`. Raises HubProblem."""
    found: list[Observation] = []
    merged: list[Delivered] = []
    for one in delivered[:MOST_PULLS]:
        try:
            info = pulls.pull(one.pull)
        except HubMissing:
            found.append(seen(one, "closed", at))
            continue
        found += [seen(one, word, at) for word in _ends(info, one)]
        merged += [one] if info.merged else []
    if merged:
        undone = _undone(islice(pulls.pulls(state="closed"), MOST_CLOSED), repo)
        found += [seen(one, "reverted", at) for one in merged if one.pull in undone]
    return found


def _ends(info: PullInfo, one: Delivered) -> Iterator[Word]:
    if info.merged:
        yield "merged"
    elif info.state == "closed":
        yield "closed"
    if info.head_sha and info.head_sha not in one.commits:
        yield "edited"


def _undone(closed: Iterable[PullInfo], repo: str) -> set[int]:
    """Numbers of pull requests that a merged one says it reverts, in the words of GitHub's own button."""
    pattern = re.compile(rf"(?m)^Reverts {re.escape(repo)}#(\d{{1,9}})\s*$")
    merged = [info for info in closed if info.merged and info.title.startswith("Revert")]
    return {int(number) for info in merged for number in pattern.findall(info.body)}


def seen(one: Delivered, word: Word, at: str, paths: tuple[str, ...] = ()) -> Observation:
    return signed(Observation(kind="outcome", run=one.run, at=exact(at), about=word, word=word, pull=one.pull,
                              paths=paths))  # fmt: skip
