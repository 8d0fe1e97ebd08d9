"""The seams of the line: what a stage and a role may touch, as protocols of at most five methods."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from factory.contracts.change import Change, FileChange
from factory.contracts.model import Tier
from factory.contracts.plan import Unit
from factory.contracts.record import R, Record
from factory.contracts.run import Pull, Run

T = TypeVar("T", bound=Record)


class Answer(Record, Generic[T]):
    """A parsed answer and where it came from."""

    value: T
    margin: float | None = None
    model: str = ""
    endpoint: str = ""
    tier: Tier = "local"


class Entry(Record):
    """One file in a tree."""

    path: str
    mode: str  # 100644, 100755, 120000 (symlink), 160000 (submodule)
    oid: str
    size: int


class Blobs(Protocol):
    """Content-addressed bytes beside the run."""

    def put(self, data: bytes) -> str:
        """Store, return the sha256."""
        ...

    def get(self, key: str) -> bytes: ...


class TreeReader(Protocol):
    """Reads git trees; a path is looked up in the tree, never on the disk."""

    def entries(self, tree: str) -> Mapping[str, Entry]: ...

    def read(self, oid: str) -> bytes:
        """A blob's bytes."""
        ...

    def diff(self, old: str, new: str, paths: Sequence[str] = ()) -> str:
        """Unified diff with three lines of context."""
        ...

    def changed(self, old: str, new: str) -> tuple[FileChange, ...]: ...

    def grep(self, tree: str, pattern: str, glob: str = "", literal: bool = False, most: int = 1000) -> tuple[str, ...]:
        """Lines of text files that match a POSIX extended regular expression, `path:line:text`, the first `most`."""
        ...


class TreeWriter(Protocol):
    def blob(self, data: bytes) -> str: ...

    def overlay(self, tree: str, files: Sequence[FileChange]) -> str:
        """A new tree: `tree` with the changes on top."""
        ...

    def commit(self, tree: str, parent: str, message: str, when: str) -> str: ...


class Trees(TreeReader, TreeWriter, Protocol):
    """Both, for those who merge."""


class Scope(Protocol):
    """Where a step is journalled: one (run, stage, unit). Steps are numbered in the order they are taken."""

    @property
    def place(self) -> tuple[str, str, str]:
        """(run id, stage, unit)."""
        ...

    def step(self, kind: str, request: Record, work: Callable[[], R], output: type[R]) -> R:
        """Do `work` once: a finished step with the same input is answered from the journal."""
        ...


class Journal(Protocol):
    def save(self, run: Run, stage: str) -> None: ...

    def scope(self, run: str, stage: str, unit: str = "") -> Scope: ...

    def check(self, run: str) -> int:
        """This process's fencing number, asked for before each effect. Raises when another process took the run."""
        ...

    def note(self, run: str, event: str, **facts: Any) -> None:
        """One line in the run's trail (audit log): path_denied, budget_80 and the like."""
        ...


class Desk(Protocol):
    """All that a role may touch. Money, retries, routing, parsing and recording happen behind it."""

    def ask(self, template: str, output: type[T], **facts: Any) -> Answer[T]:
        """One structured answer. Raises Stopped('model_unusable') when no model in the chain gives one."""
        ...

    def write(self, template: str, unit: Unit, tree: str, **facts: Any) -> Change:
        """One-shot edit blocks against a tree."""
        ...

    def work(self, template: str, unit: Unit, tree: str, **facts: Any) -> Change:
        """The tool loop: read, search, list, edit, run tests, finish."""
        ...

    def recall(self, query: str) -> tuple[str, ...]:
        """Lessons from earlier tasks."""
        ...


class BranchForge(Protocol):
    """Where branches live."""

    def branch(self, name: str) -> str:
        """Its commit, or ''."""
        ...

    def push(self, name: str, commit: str, expected: str) -> None:
        """Create or move the branch from `expected` ('' = must not exist) to `commit`. Raises GitProblem."""
        ...


class PullForge(Protocol):
    """Where pull requests live."""

    def find(self, marker: str) -> Pull | None:
        """The pull request whose body carries this marker."""
        ...

    def open(self, title: str, body: str, branch: str, base: str, draft: bool) -> Pull: ...

    def update(self, number: int, title: str, body: str, draft: bool) -> Pull: ...


class Clock(Protocol):
    def now(self) -> str:
        """ISO 8601, UTC, milliseconds, ending in Z."""
        ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...
