"""What a kind of test suite must say about itself. One module in `kinds/` each, one entry in `KINDS`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from factory.checks.source import Source
from factory.contracts.evidence import CaseStatus
from factory.contracts.record import Record, digest
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings


class Suite(Record):
    """One way to run tests in one folder of the repository."""

    name: str  # "pytest", "go test in tools", "verify: make lint"
    kind: str  # key in KINDS
    shown: str  # the command as a person would type it
    argv: tuple[str, ...]  # what runs, in /work/<folder>
    folder: str = ""
    env: dict[str, str] = {}
    group: str = ""  # which installation it needs: "python", "node" …
    editable: bool = False  # install the project itself as a link to /work first
    imports: tuple[str, ...] = ()  # the project's own packages: they must come from /work
    reports: tuple[str, ...] = ()  # globs of report files to bring back
    only: tuple[str, ...] = ()  # test ids or files; () = all of them


class Setup(Record):
    """How a group's dependencies are installed once, and what the result depends on."""

    group: str
    commands: tuple[tuple[str, ...], ...]
    env: dict[str, str] = {}
    depends: tuple[str, ...] = ()  # object ids of the files that matter, interpreter version
    files: tuple[str, ...] = ()  # the only paths that the installation sees, all of them in `depends`
    code: bool = False  # it runs the project's own code: it sees the whole tree, and the tree's id goes into the key

    @property
    def key(self) -> str:
        """Cache key: the same files, commands and interpreter give the same one."""
        return f"{self.group}-{digest(self.to_json())[:32]}"


class Report(Record):
    """What a runner said about each test."""

    cases: dict[str, CaseStatus]
    details: dict[str, str] = {}  # red test id -> its traceback or message


def no_setup(_source: Source, _folder: str, _settings: CheckSettings) -> Setup | None:
    """For kinds that need nothing installed."""
    return None


@dataclass(frozen=True)
class Kind:
    """The functions of one kind of suite."""

    find: Callable[[Source, CheckSettings], tuple[Suite, ...]]
    read: Callable[[JobResult], Report | None]  # None: the runner left no report
    setup: Callable[[Source, str, CheckSettings], Setup | None] = no_setup
    narrow: Callable[[Suite, Sequence[str]], Suite] | None = None  # to test files or ids; None: it cannot
    suffixes: tuple[str, ...] = ("",)  # of the files its tests lie in
    none_code: int = -1  # exit code that says "no tests here"
    must_count: bool = False  # its runner always reports: a green exit code without a report is an error
