"""Walk a tidy run whose disk breaks on the way. Used by test_disk.py, inside a mount namespace of its own.

broken_disk.py REPO CONFIG STAGE full|inodes|read-only FOLDER      FOLDER: where the state's file system is mounted
"""

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from factory.app import make_shop, new_run, open_state
from factory.cli.go import check_machine
from factory.contracts.errors import Stopped
from factory.contracts.task import Event
from factory.places import state_folder
from factory.settings import load
from factory.stages.line import walk


class Breaking:
    """A watcher that breaks the disk when a stage starts."""

    def __init__(self, stage: str, how: str, folder: Path) -> None:
        self.stage, self.how, self.folder = stage, how, folder

    def tell(self, kind: str, **facts: Any) -> None:
        if kind == "stage" and (facts["name"], facts["state"]) == (self.stage, "start"):
            getattr(self, self.how.replace("-", "_"))()

    def full(self) -> None:
        with contextlib.suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def inodes(self) -> None:
        (self.folder / "many").mkdir()
        with contextlib.suppress(OSError):
            for number in range(100_000):
                (self.folder / "many" / str(number)).touch()

    def read_only(self) -> None:
        """Over the runs' pieces: the kernel itself refuses to remount what SQLite has open."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", self.folder / "state" / "runs"], check=True)


def main(repo: str, config: str, stage: str, how: str, folder: str) -> int:
    state = open_state(state_folder())
    settings = load(Path(config), None, {})
    check_machine(state, settings)
    run = new_run(state, Path(repo), "", Event(kind="tidy", source="test"), settings)
    try:
        run = walk(run, make_shop(run, state, settings, Breaking(stage, how, Path(folder))))
    except Stopped as stop:  # not even the record could be written
        print(f"no record: {stop.reason}: {stop}")
        return 4
    print(f"record: {run.stopped.reason}: {run.stopped.message}" if run.stopped else "record: none")
    return 4 if run.stopped else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
