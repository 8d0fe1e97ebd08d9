"""One repository's memory, as a run uses it: it is asked once for a pack, and told once how the run ended.

A memory that cannot be read or written is no reason to fail: it then knows nothing, and says so once.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from factory.contracts.errors import FactoryError
from factory.contracts.memory import Lessons, Line, Question
from factory.contracts.memory_settings import MemorySettings
from factory.memory.recall import recalled
from factory.memory.repository import repository_key
from factory.memory.store import MemoryStore, open_memory

MOST = 16 * 1024 * 1024  # bytes of other machines' lines that are read
PROBLEMS = (FactoryError, sqlite3.Error, OSError, ValueError)  # of a database that is broken, locked or full


class RepositoryMemory:
    """`folder`: the state folder; `target`: the repository's path; `note(event, facts)` hears of what failed.

    Nothing is opened before it is needed. Safe for threads.
    """

    def __init__(
        self,
        folder: Path,
        target: Path,
        settings: MemorySettings,
        now: Callable[[], float],
        note: Callable[[str, dict[str, str]], None] = lambda event, facts: None,
    ) -> None:
        self.folder, self.target, self.settings, self.now, self.note = folder, target, settings, now, note

    def recall(self, question: Question) -> Lessons:
        """The lessons that fit; none when the memory is off or cannot be read."""
        if not self.settings.enabled:
            return Lessons()
        try:
            store, key = self._open()
            return recalled(store.lessons(key), question, self.now(), self.settings)
        except PROBLEMS as problem:
            self._say(problem)
            return Lessons()

    def observe(self, run: str, make: Callable[[], Sequence[Line]]) -> int:
        """Keep what `make` says of a run, in the place of what was known of it; how many lines were new."""
        if not self.settings.enabled:
            return 0
        try:
            store, key = self._open()
            return store.observe(key, run, make())
        except PROBLEMS as problem:
            self._say(problem)
            return 0

    def take(self, file: Path) -> str:
        """Lines of other machines from a file, the last `MOST` bytes; what came of it, in a sentence."""
        try:
            store, key = self._open()
            with file.open("rb") as handle:
                handle.seek(max(file.stat().st_size - MOST, 0))
                taken = store.take(key, handle.read(MOST))
        except PROBLEMS as problem:
            self._say(problem)
            return f"the lessons of other machines were not read: {type(problem).__name__}"
        return taken.sentence

    def _open(self) -> tuple[MemoryStore, str]:
        return open_memory(self.folder, self.settings, self.now), repository_key(self.target)

    def _say(self, problem: BaseException) -> None:
        self.note("memory_failed", {"text": f"{type(problem).__name__}: {problem}"[:500]})
