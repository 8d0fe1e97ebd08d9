"""A worker's process as its parent sees it: pipes, and the memory where it says which file it has begun."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from factory.codegraph.building import frames
from factory.git import command

BLOBS = ("cat-file", "--batch")  # what a worker asks git by


class Process:
    """It waits for its job; what it imports meanwhile is loaded when that comes. Raises OSError."""

    def __init__(self) -> None:
        paths = [path for path in sys.path if path and Path(path).is_absolute()]  # never the folder we stand in
        self.descriptor = frames.shared()
        self.mark = frames.Mark(self.descriptor)
        try:
            self._running = subprocess.Popen(
                [sys.executable, "-P", "-m", "factory.codegraph.building.worker"], cwd="/",
                env={**command(*BLOBS)[1], "PYTHONPATH": os.pathsep.join(paths)}, pass_fds=[self.descriptor],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError:
            os.close(self.descriptor)
            raise

    @property
    def to(self) -> IO[bytes]:
        assert self._running.stdin
        return self._running.stdin

    @property
    def of(self) -> IO[bytes]:
        assert self._running.stdout
        return self._running.stdout

    def end(self) -> str:
        """Whatever it does. Its last words, when it had any."""
        self._running.kill()
        _, words = self._running.communicate()
        os.close(self.descriptor)
        return words.decode(errors="replace").strip().rpartition("\n")[2]
