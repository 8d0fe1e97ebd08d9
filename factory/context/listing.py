"""The repository's tree as text within a budget: folders that do not fit are one line with their number of files."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise

from factory.prompting import plain

ROOT = ""


def listing(paths: Collection[str], important: Collection[str], chars: int) -> tuple[str, int]:
    """(one path a line, number of files that have no line of their own).

    Folders are opened while there is room, level by level: first those on the way to important files, then the
    smallest.
    """
    index = _Index(paths)
    opened = index.opened(important, chars)
    lines: list[str] = []
    room, shown = chars, 0
    for name in index.walk(ROOT, opened):
        line = plain(name) if name not in index.count else f"{plain(name)}/ ({index.count[name]} files)"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
        shown += name not in index.count
    return "\n".join(lines), len(paths) - shown


class _Index:
    """A tree's files and folders by folder, and how many files each folder holds in all."""

    def __init__(self, paths: Collection[str]) -> None:
        self.files: dict[str, list[str]] = defaultdict(list)
        self.folders: dict[str, list[str]] = defaultdict(list)
        self.count: dict[str, int] = {}
        for path in sorted(paths):
            above = _above(path)
            self.files[above[0]].append(path)
            for folder, parent in pairwise(above):
                if folder not in self.count:
                    self.folders[parent].append(folder)
                self.count[folder] = self.count.get(folder, 0) + 1

    def opened(self, important: Collection[str], chars: int) -> set[str]:
        hot = {above for path in important for above in _above(path)}
        found, level = {ROOT}, [ROOT]
        room = chars - self._cost(ROOT)
        while level:
            below = [folder for parent in level for folder in self.folders.get(parent, ())]
            level = []
            for folder in sorted(below, key=lambda name: (name not in hot, self.count[name], name)):
                cost = self._cost(folder)
                if cost <= room:
                    room -= cost
                    found.add(folder)
                    level.append(folder)
        return found

    def walk(self, folder: str, opened: set[str]) -> Iterator[str]:
        """Files, and folders that stay closed, in the order of their names."""
        for name in sorted((*self.files.get(folder, ()), *self.folders.get(folder, ()))):
            if name in opened:
                yield from self.walk(name, opened)
            else:
                yield name

    def _cost(self, folder: str) -> int:
        files = sum(len(path) + 1 for path in self.files.get(folder, ()))
        return files + sum(len(name) + 16 for name in self.folders.get(folder, ()))


def _above(path: str) -> list[str]:
    """The folders that hold a path, deepest first, the root ('') last."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return [*found, ROOT]
