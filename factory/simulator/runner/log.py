"""A job's log: masked lines in a file, commands heard, annotations kept. Without times, so that two runs compare."""

import threading
from collections.abc import Callable
from pathlib import Path

from factory.simulator.runner.commands import LEVELS, Listener
from factory.simulator.runner.graph import Note, Work
from factory.simulator.runner.masks import Masks


class Log:
    """Written by a step's reader thread and by the job's own."""

    def __init__(self, path: Path, masks: Masks, work: Work, counted: Callable[[int], None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()
        self._counted = counted
        self.masks, self.work = masks, work
        self.listener = Listener()
        work.log = path

    def write(self, text: str) -> None:
        """The runner's own words."""
        with self._lock:
            if self._file.closed:
                return
            for line in self.masks.hide(text).splitlines() or [""]:
                self._file.write(line + "\n")
                self.work.lines += 1
            self._file.flush()

    def hear(self, line: str) -> None:
        """A line of a step's output: a command is obeyed, the rest is logged."""
        said = self.listener.hear(line)
        if said and said.name == "add-mask":
            self.masks.add(said.text)
            self.write("::add-mask::***")
        elif said and said.name in LEVELS:
            self.note(said.name, said.text, said.properties.get("title", ""))
        elif said and said.name in ("set-output", "save-state", "set-env", "add-path"):
            self.note("error", f"The {said.name} command is disabled: write to the file of its name instead.")
        else:
            self.write(line)
            self.work.last = self.masks.hide(line).strip()[:500] or self.work.last
        self._counted(self.work.lines)

    def note(self, level: str, text: str, title: str = "") -> None:
        """An annotation: in the log and beside the job."""
        shown = self.masks.hide(text)
        self.work.notes.append(Note(level, shown, self.masks.hide(title)))
        self.write(f"##[{level}]{shown}")

    def close(self) -> None:
        with self._lock:
            self._file.close()
