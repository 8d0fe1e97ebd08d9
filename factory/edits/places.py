"""Where a new file may stand: not on a folder, not under a file, not beside a name that only looks different."""

from collections.abc import Iterable

from factory.edits.paths import normal


class Places:
    """The names of a tree as a lenient file system would see them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        self._files[normal(path)] = path
        at = path.rfind("/")
        while at > 0 and normal(path[:at]) not in self._folders:
            self._folders[normal(path[:at])] = path[:at]
            at = path.rfind("/", 0, at)

    def clash(self, path: str) -> str:
        """Why no new file can be called `path`, as a sentence; '' when it can."""
        plain = normal(path)
        if plain in self._files:
            return f"{path} differs from the existing {self._files[plain]} only in look: use that one."
        if plain in self._folders:
            return f"{path} is a folder: choose another name for the file."
        for at, char in enumerate(path):
            above = path[:at]
            if char != "/":
                continue
            if normal(above) in self._files:
                return f"{self._files[normal(above)]} is a file: {path} cannot be under it."
            if self._folders.get(normal(above), above) != above:
                return f"{path} is in a folder that differs from {self._folders[normal(above)]} only in look: use that."
        return ""
