"""The sandbox seam: the only place where the repository's own code runs."""

from typing import Literal, Protocol

from factory.contracts.record import Record

JobStatus = Literal["exited", "timeout", "oom", "enospc", "killed"]


class Limits(Record):
    seconds: float = 600.0
    memory_mib: int = 4096
    disk_mib: int = 2048  # size of the tmpfs that holds the exported copy, /tmp and $HOME
    inodes: int = 400_000
    processes: int = 512
    file_mib: int = 512  # largest single file
    output_mib: int = 8  # of stdout and stderr kept: head and tail


class Install(Record):
    """How to build an environment of the target's dependencies once; the result is cached under `key`.

    `commands` run in order with the tree at /work, a writable /deps and an allow-list proxy as the only way out.
    """

    key: str
    tree: str
    commands: tuple[tuple[str, ...], ...]
    env: dict[str, str] = {}


class Installed(Record):
    key: str
    ok: bool
    log: str = ""
    cached: bool = False


class Job(Record):
    """One command on an exported copy of a tree. `/work` is the copy, `/deps` the environment, `/out` what comes back.

    `overlay` replaces or adds files (repository path -> bytes) after the export; `absent` removes paths.
    Files left under /out come back (regular files only, 16 MiB in all).
    """

    tree: str
    command: tuple[str, ...]
    env: dict[str, str] = {}
    limits: Limits = Limits()
    deps: str = ""  # key of an Installed environment
    overlay: dict[str, bytes] = {}
    absent: tuple[str, ...] = ()


class JobResult(Record):
    """What became of a job: how it ended, what it printed, what it left under /out."""

    status: JobStatus
    exit_code: int
    seconds: float
    output: str  # stdout and stderr together, decoded, escapes removed, head and tail
    truncated: bool = False
    files: dict[str, bytes] = {}


class Sandbox(Protocol):
    """Raises SandboxProblem when the sandbox itself is broken, Stopped('sandbox_unavailable') when there is none."""

    def run(self, job: Job) -> JobResult: ...

    def install(self, install: Install) -> Installed: ...

    def describe(self) -> str:
        """What it is, for the pull request: "bubblewrap (root)", "none"."""
        ...

    def weaker(self) -> tuple[str, ...]:
        """Which guarantees are weaker here than the best there is, one sentence each."""
        ...
