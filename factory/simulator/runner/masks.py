"""Secrets never reach a log: each registered value, and each line of it, becomes `***`."""

import threading
from collections.abc import Iterable


class Masks:
    """The values that a job's log, summary and outputs may not show."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self.add(*values)

    def add(self, *values: str) -> None:
        with self._lock:
            for value in values:
                self._values |= {part for part in (value, *value.splitlines()) if part.strip()}

    def hide(self, text: str) -> str:
        with self._lock:
            values = sorted(self._values, key=len, reverse=True)
        for value in values:
            text = text.replace(value, "***")
        return text

    def found_in(self, text: str) -> bool:
        return self.hide(text) != text
