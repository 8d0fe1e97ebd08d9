"""A real repository, a real sandbox in both ways of starting it, real commands inside."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.contracts.sandbox import Job, JobResult, Limits
from factory.contracts.tables import SandboxSettings
from factory.git import Store
from factory.sandbox import launch
from factory.sandbox.bubblewrap import Bubblewrap
from factory.target import resolve

SMALL = Limits(seconds=30, memory_mib=512, disk_mib=128, inodes=20_000, processes=64, file_mib=64, output_mib=1)
Python = Callable[..., JobResult]


def make_repository(folder: Path) -> Path:
    """Two source files, an executable, a symlink, odd names."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text("ANSWER = 42\n")
    (folder / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("src/app.py")
    (folder / "with space é.txt").write_text("x\n")
    (folder / ".gitattributes").write_text("src export-ignore\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("repository") / "r")


@pytest.fixture(scope="session")
def store(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store") / "repo.git", repository)


@pytest.fixture(scope="session")
def tree(repository: Path) -> str:
    return resolve(repository, "")[2]


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state") / "s"


@pytest.fixture(scope="session", params=["root", "user"])
def sandbox(request: pytest.FixtureRequest, store: Store, state: Path) -> Bubblewrap:
    if request.param == "root" and not launch.as_root():
        pytest.skip("not started as root")
    return Bubblewrap(store, state, SandboxSettings(), root=request.param == "root")


@pytest.fixture
def shell(sandbox: Bubblewrap, tree: str) -> Python:
    """Run a shell script inside; further arguments are those of Job."""

    def run(script: str, limits: Limits = SMALL, **job: object) -> JobResult:
        return sandbox.run(Job(tree=tree, command=("sh", "-c", script), limits=limits, **job))

    return run


@pytest.fixture
def python(sandbox: Bubblewrap, tree: str) -> Python:
    """Run a Python program inside; its last printed line should say what happened."""

    def run(program: str, limits: Limits = SMALL, **job: object) -> JobResult:
        return sandbox.run(Job(tree=tree, command=("python", "-c", program), limits=limits, **job))

    return run


def is_root(sandbox: Bubblewrap) -> bool:
    return "root" in sandbox.describe() and os.geteuid() == 0
