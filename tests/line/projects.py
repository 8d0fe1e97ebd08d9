"""Real projects from the package index, at pinned versions: their source, and what their own test runner says."""

import hashlib
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

from tests.line.targets import git


class Project(NamedTuple):
    """A source archive and how its authors test it. `needs`: what a plain test run installs beside the project."""

    name: str
    version: str
    sha256: str
    layout: str  # build system and layout, for the reader
    suite: str  # the factory's name of its tests
    tests: tuple[str, ...]  # arguments of python
    needs: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}"


PYTEST = ("-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider")
HUMANIZE = Project(
    "humanize", "4.9.0", "582a265c931c683a7e9b8ed9559089dea7edcf6cc95be39a3cbc2c5d5ac2bcfa",
    "hatchling with its version from git, src layout, pytest", "pytest", (*PYTEST, "-o", "addopts="),
    ("pytest", "freezegun"),
)  # fmt: skip
PROJECTS = (
    HUMANIZE,
    Project("idna", "3.7", "028ff3aadf0609c1fd278d8ea3089299412a7a8b9bd005dd08b9f8285bcb5cfc",
            "flit, flat layout, unittest", "unittest", ("-m", "unittest")),
    Project("more-itertools", "10.5.0", "5482bfef7849c25dc3c6dd53a6173ae4795da2a41a80faea6700d9f5846c5da6",
            "flit, flat layout, unittest with doctests", "unittest", ("-m", "unittest")),
    Project("six", "1.16.0", "1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926",
            "setup.py, one module, pytest; one of its tests is red", "pytest", PYTEST, ("pytest",)),
    Project("toolz", "0.12.1", "ecca342664893f177a13dac0e6b41cbd8ac25a358e5f215316d43e2100224f4d",
            "setup.py with versioneer, tests inside the package, pytest", "pytest", PYTEST, ("pytest",)),
)  # fmt: skip
Counted = dict[str, int]
WORDS = {"error": "errors", "failures": "failed"}


def fetch(project: Project, folder: Path, pip: Path) -> Path:
    """The unpacked source; its archive is the one that was pinned."""
    command = [pip, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", folder]
    run([*command, f"{project.name}=={project.version}"], folder)
    (archive,) = folder.glob("*.tar.gz")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == project.sha256
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / project.stem


def repository(source: Path, folder: Path) -> Path:
    """A copy as a git repository with everything in it, also what the project's .gitignore names."""
    shutil.copytree(source, folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "-q", "-m", "The released source")
    return folder


def own_counts(project: Project, source: Path, folder: Path) -> Counted:
    """What the project's own runner counts in a plain environment, without the factory."""
    copy = shutil.copytree(source, folder / project.stem)
    run(["uv", "venv", "--quiet", folder / "venv"], folder)
    python = folder / "venv" / "bin" / "python"
    run(["uv", "pip", "install", "--quiet", "--python", python, "-e", copy, *project.needs], folder)
    done = subprocess.run([python, *project.tests], cwd=copy, capture_output=True, text=True, check=False, timeout=300)
    return counted((done.stdout + done.stderr).strip().splitlines())


def counted(lines: list[str]) -> Counted:
    """From the last words of pytest (`1 failed, 2 passed in 1 s`) or unittest (`Ran 3 tests`, `OK (skipped=1)`)."""
    found = dict.fromkeys(("passed", "failed", "errors", "skipped"), 0)
    ran = next((int(line.split()[1]) for line in reversed(lines) if line.startswith("Ran ")), None)
    if ran is None:
        pairs = [(word, count) for count, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)", lines[-1])]
    else:
        pairs = re.findall(r"(failures|errors|skipped)=(\d+)", lines[-1])
    found |= {WORDS.get(word, word): int(count) for word, count in pairs}
    if ran is not None:
        found["passed"] = ran - found["failed"] - found["errors"] - found["skipped"]
    return found


def run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
