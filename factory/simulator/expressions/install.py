"""GitHub's parser and evaluator into the user's cache on first use: fetched by npm, bundled for Node 20."""

import contextlib
import fcntl
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.contracts.record import digest
from factory.places import cache_folder

HERE = Path(__file__).parent
SOURCES = ("driver.mjs", "package.json", "package-lock.json")
OLDEST = 20  # major version of Node
PATIENCE = 300  # seconds for npm
BANNER = 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);'


def bundle(cache: Path | None = None, path: str | None = None) -> Path:
    """The driver's bundle, made on first use. `path` is a search path like PATH.

    Raises UsageProblem when Node or npm is missing or npm fails, with what to do.
    """
    node(path)
    root = (cache or cache_folder()) / "expressions"
    home = root / digest(b"".join((HERE / name).read_bytes() for name in SOURCES))[:16]
    made = home / "driver.bundle.mjs"
    if not made.is_file():
        with _alone(root):
            if not made.is_file():
                _make(root, home, path)
    return made


def node(path: str | None = None) -> str:
    """Node's executable. Raises UsageProblem when there is none or it is too old."""
    found = shutil.which("node", path=path)
    if not found:
        raise UsageProblem(
            f"Node is not installed, and workflows are read by GitHub's own parser, which needs it: "
            f"install Node {OLDEST} or newer (https://nodejs.org), then try again."
        )
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, timeout=60).stdout
    major = re.match(r"v(\d+)\.", said)
    if not major or int(major[1]) < OLDEST:
        raise UsageProblem(f"{found} is Node {said.strip() or 'of no known version'}: install Node {OLDEST} or newer.")
    return found


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One process at a time installs."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(root: Path, home: Path, path: str | None) -> None:
    """Install and bundle in a folder beside, then keep the bundle alone."""
    npm = shutil.which("npm", path=path)
    if not npm:
        raise UsageProblem("npm is not installed, and GitHub's parser is fetched with it once: install npm.")
    with tempfile.TemporaryDirectory(dir=root) as temporary:
        folder = Path(temporary)
        for name in SOURCES:
            shutil.copyfile(HERE / name, folder / name)
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        command = [str(folder / "node_modules/.bin/esbuild"), "driver.mjs", "--bundle", "--platform=node"]
        form = ["--format=esm", "--target=node20", "--log-level=error", f"--banner:js={BANNER}"]
        _run([*command, *form, "--outfile=out/driver.bundle.mjs"], folder)
        shutil.rmtree(home, ignore_errors=True)
        (folder / "out").rename(home)


def _run(command: list[str], folder: Path) -> None:
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise UsageProblem(f"{name} did not finish within {PATIENCE} s: is the package registry reachable?") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "npm warn" not in line and line.strip()]
        last = lines[0].strip() if lines else f"exit code {done.returncode}"
        raise UsageProblem(
            f"{name} could not fetch GitHub's workflow parser ({last}): check the network and npm's registry, "
            "then try again; it is needed once."
        )
