"""Real repositories, the real sandbox, a journal in memory that answers a finished step from what it holds.

One environment (pytest, setuptools, setuptools-scm) is installed from the package index once a session and shared by
all tests that need pytest: it is the product's own installation, so a machine without an index cannot run them.
"""

import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from factory.checks.prove import Bench, prove
from factory.contracts.evidence import Evidence
from factory.contracts.record import R, Record, digest_of
from factory.contracts.sandbox import Install, Installed, Job, JobResult, Limits, Sandbox
from factory.contracts.tables import CheckSettings, SandboxSettings
from factory.files import BlobFolder
from factory.git import Store
from factory.sandbox.bubblewrap import Bubblewrap
from factory.target import resolve

LIMITS = Limits(seconds=60, memory_mib=1024, disk_mib=256, processes=128, output_mib=2)
Files = Mapping[str, str | bytes | None]


class Steps:
    """A scope: finished steps with the same input are answered from memory, as the journal does."""

    place = ("run", "verify", "")

    def __init__(self) -> None:
        self.done: dict[tuple[int, str], str] = {}
        self.taken: list[str] = []
        self.worked = 0

    def step(self, kind: str, request: Record, work: Callable[[], R], output: type[R]) -> R:
        key = (len(self.taken), digest_of(request))
        self.taken.append(kind)
        if key not in self.done:
            self.worked += 1
            self.done[key] = work().to_json()
        return output.from_json(self.done[key])

    def again(self) -> None:
        """As a resumed run: count from the first step."""
        self.taken.clear()


@dataclass
class Counting:
    """The real sandbox; `RUN` tells the tests inside how often their tree has run, so that one can alternate."""

    inner: Sandbox
    jobs: list[Job] = field(default_factory=list)
    installs: list[Install] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, job: Job) -> JobResult:
        with self.lock:
            self.jobs.append(job)
            number = sum(other.tree == job.tree for other in self.jobs)
        return self.inner.run(job.but(env={**job.env, "RUN": str(number)}))

    def install(self, install: Install) -> Installed:
        self.installs.append(install)
        return self.inner.install(install)

    def describe(self) -> str:
        return self.inner.describe()

    def weaker(self) -> tuple[str, ...]:
        return self.inner.weaker()


def git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True)


def put(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@dataclass
class House:
    """One repository with a base and a candidate, and all that proves the one against the other."""

    folder: Path
    state: Path
    base: str = ""
    tree: str = ""

    def commit(self, files: Files) -> str:
        put(self.folder, files)
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", "x")
        return resolve(self.folder, "")[2]

    def bench(self, limits: Limits = LIMITS, base: str = "", **settings: object) -> Bench:
        store = Store(self.folder.parent / "store.git", self.folder)
        sandbox = Counting(Bubblewrap(store, self.state, SandboxSettings()))
        checks = CheckSettings(limits=limits, **settings)  # type: ignore[arg-type]  # the caller names real fields
        when = "2026-11-20T10:00:00+00:00"
        return Bench(store, sandbox, BlobFolder(self.state.parent / "blobs"), checks, when, base)

    def prove(self, bench: Bench | None = None, scope: Steps | None = None, **words: object) -> Evidence:
        options = {"bug": False, **words}
        return prove(bench or self.bench(), scope or Steps(), self.base, self.tree, **options)  # type: ignore[arg-type]


MakeHouse = Callable[..., House]


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Environments are shared by all tests of a session."""
    return tmp_path_factory.mktemp("checks") / "state"


@pytest.fixture
def house(tmp_path: Path, state: Path) -> MakeHouse:
    """`house(base files, candidate files)`; None as content deletes a file."""

    def make(base: Files, candidate: Files | None = None) -> House:
        folder = tmp_path / "repository"
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main")
        made = House(folder, state)
        made.base = made.commit(base)
        made.tree = made.commit(candidate or {})
        return made

    return make


def rules(evidence: Evidence) -> set[str]:
    return {finding.rule for finding in evidence.findings}
