"""Lines become one picture of each run: what it changed, found and broke, and what became of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from factory.contracts.memory import Observation, Word

ENDS: tuple[Word, ...] = ("merged", "closed", "reverted")


@dataclass(eq=False)
class Past:
    """One run as its newest observations have it."""

    id: str
    at: str = ""
    word: Word = ""
    effort: int = 0
    rounds: int = 0
    pull: int = 0
    commit: str = ""
    changed: frozenset[str] = frozenset()
    findings: list[Observation] = field(default_factory=list)
    tests: list[Observation] = field(default_factory=list)
    failed: frozenset[str] = frozenset()  # files of units that gave no usable change
    lessons: frozenset[str] = frozenset()
    ends: frozenset[Word] = frozenset()  # what became of its pull request
    edited: frozenset[str] = frozenset()  # files that people changed on its branch

    @property
    def source(self) -> str:
        return f"run {self.id}" + (f", pull request #{self.pull}" if self.pull else "")


def folded(lines: Iterable[Observation]) -> list[Past]:
    """Runs, newest first. Of observations of the same thing in the same run the newest counts: a run that went on
    is seen again. The order in which lines come in makes no difference."""
    newest: dict[tuple[str, str, str], Observation] = {}
    for line in lines:
        place = (line.run, line.kind, line.about)
        if place not in newest or (line.at, line.id) > (newest[place].at, newest[place].id):
            newest[place] = line
    runs: dict[str, list[Observation]] = defaultdict(list)
    for line in newest.values():
        runs[line.run].append(line)
    found = [_past(run, sorted(each, key=lambda line: (line.at, line.id))) for run, each in runs.items()]
    return sorted(found, key=lambda past: (past.at, past.id), reverse=True)


def _past(run: str, lines: list[Observation]) -> Past:
    past = Past(id=run, at=max(line.at for line in lines))
    for line in lines:
        if line.kind == "run":
            past.at, past.word, past.effort, past.rounds = line.at, line.word, line.n, line.rounds
            past.changed, past.pull, past.commit = frozenset(line.paths), line.pull or past.pull, line.commit
        elif line.kind == "finding":
            past.findings.append(line)
        elif line.kind == "test":
            past.tests.append(line)
        elif line.kind == "unit" and line.word == "failed":
            past.failed |= frozenset(line.paths)
        elif line.kind == "recalled":
            past.lessons |= frozenset(line.lessons)
        elif line.kind == "outcome":
            past.ends |= {line.word}
            past.pull = line.pull or past.pull
            past.edited |= frozenset(line.paths) if line.word == "edited" else frozenset()
    return past
