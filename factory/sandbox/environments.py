"""The target's installed dependencies, one folder per key: built once, under another name, then renamed."""

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from factory.contracts.errors import SandboxProblem, UsageProblem, disk_problem
from factory.contracts.sandbox import Installed

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Environments:
    """`root` is ours alone; what lies in an environment was written by a sandbox and is never run on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Raises UsageProblem on a bad key, SandboxProblem when it was never installed."""
        folder = self.folder(key)
        if not _finished(folder):
            raise SandboxProblem(f"The environment {key} is not installed: install it before the job runs.")
        return folder

    def folder(self, key: str) -> Path:
        """Where it is or will be. Raises UsageProblem on a bad key."""
        if not _KEY.fullmatch(key):
            raise UsageProblem(f"{key!r} cannot name an environment: use letters, digits, dots and dashes.")
        return self.root / key

    def build(self, key: str, fill: Callable[[Path], tuple[bool, str]]) -> Installed:
        """The environment of `key`: what `fill` leaves in `deps` of a new folder (-> worked, log), unless it is there.

        Safe with two threads or processes at once: the second waits and finds it. A failed one is removed.
        """
        final = self.folder(key)
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._lock(key):
                if _finished(final):
                    return Installed(key=key, ok=True, cached=True)
                building = Path(tempfile.mkdtemp(dir=self.root, prefix=f".{key}-"))
                try:
                    worked, log = fill(building)
                    if worked:
                        (building / "deps").rename(final)
                    return Installed(key=key, ok=worked, log=log)
                finally:
                    _remove(building)
        except OSError as error:
            raise disk_problem(error, final) from error

    @contextlib.contextmanager
    def _lock(self, key: str) -> Iterator[None]:
        with (self.root / f".{key}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _finished(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def _remove(folder: Path) -> None:
    """All of it, also what a build made unreadable."""
    if not folder.exists():
        return
    for path, folders, _ in os.walk(folder):
        for name in folders:
            inner = Path(path) / name
            if stat.S_ISDIR(inner.lstat().st_mode) and inner.lstat().st_uid == os.geteuid():
                inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
