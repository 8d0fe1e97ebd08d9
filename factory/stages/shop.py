"""The machinery a stage may use. Built once in factory/app.py; nothing global."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from factory.checks.prove import Bench, Tried, try_tests
from factory.codegraph.rank.embeddings import Embed
from factory.codegraph.view import View
from factory.contracts.model import Tier, within
from factory.contracts.roster import Roster
from factory.contracts.run import Run
from factory.contracts.sandbox import Sandbox
from factory.contracts.seams import Blobs, BranchForge, Clock, Desk, Journal, PullForge, Scope, Trees
from factory.contracts.story import Story, Watcher
from factory.edits.paths import PathPolicy
from factory.memory.of_repository import RepositoryMemory
from factory.settings import Settings


class DeskMaker(Protocol):
    """Makes the desk of one role in one place of one run."""

    def __call__(
        self,
        role: str,
        scope: Scope,
        run: Run,
        *,
        ceiling: Tier | None = None,
        avoid: tuple[str, ...] = (),
        sample: int = 0,
        escalation: bool = False,
    ) -> Desk: ...


def plain_mark(run: str, kind: str) -> str:
    """The marker of a forge that nobody else writes to."""
    return f"<!-- factory:v1 run={run} kind={kind} -->"


@dataclass(frozen=True)
class Shop:
    settings: Settings
    kept: str  # blob of these settings
    journal: Journal
    trees: Trees
    blobs: Blobs
    sandbox: Sandbox
    branches: BranchForge
    pulls: PullForge
    roster: Roster
    desk: DeskMaker
    clock: Clock
    watcher: Watcher
    policy: PathPolicy
    bench: Bench
    story: Callable[[Run], Story]
    folders: Sequence[Path]  # where the report goes
    mark: Callable[[str, str], str] = plain_mark  # (run, kind) -> what marks a text as ours on the forge
    memory: RepositoryMemory | None = None  # None: nothing is remembered
    embed: Embed | None = None  # vectors of texts, where the settings name a server for them
    view: Callable[[str], View] | None = None  # the code graph of a tree; None: files are found by words alone
    hold: bool = False  # a person must look first: what is delivered stays a draft

    @property
    def highest(self) -> Tier:
        """The tier that may be asked when an ordinary answer was not enough, or when a person says so."""
        line = self.settings.line
        return line.escalate_to if within(line.ceiling, line.escalate_to) else line.ceiling

    def tests(self, scope: Scope, tree: str, selection: str = "") -> Tried:
        """The repository's tests on one tree: the outcome, and a short text of it for a model."""
        return try_tests(self.bench, scope, tree, selection)


Stage = Callable[[Run, Shop], Run]
