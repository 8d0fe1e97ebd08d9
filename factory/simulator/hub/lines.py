"""Which lines of a unified diff can carry a comment, and where: GitHub answers 422 for all others."""

import re
from dataclasses import dataclass, field

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass
class Spot:
    """One commentable line: its hunk's number, its position in the file's patch, the hunk's text up to it."""

    hunk: int
    position: int
    text: str


@dataclass
class FilePatch:
    path: str
    patch: str = ""
    right: dict[int, Spot] = field(default_factory=dict)
    left: dict[int, Spot] = field(default_factory=dict)

    def spot(self, line: int, side: str) -> Spot | None:
        return (self.left if side == "LEFT" else self.right).get(line)


def read(diff: str) -> dict[str, FilePatch]:
    """Files of a unified diff by their new path (the old one of a deleted file)."""
    found: dict[str, FilePatch] = {}
    for part in re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE):
        head, mark, rest = part.partition("\n@@ ")
        path = _path(head)
        if path:
            found[path] = _file(path, f"@@ {rest}" if mark else "")
    return found


def _path(head: str) -> str:
    for word in ("+++ b/", "--- a/", "rename to "):
        for line in head.splitlines():
            if line.startswith(word):
                return line.removeprefix(word).rstrip("\t")
    match = re.match(r"diff --git a/(.+) b/\1$", head.splitlines()[0]) if head else None
    return match[1] if match else ""


def _file(path: str, patch: str) -> FilePatch:
    done = FilePatch(path, patch.rstrip("\n"))
    old = new = hunk = 0
    shown: list[str] = []
    for position, line in enumerate(done.patch.split("\n") if patch else ()):
        if match := _HUNK.match(line):
            old, new, hunk, shown = int(match[1]), int(match[3]), hunk + 1, []
        shown.append(line)
        spot = Spot(hunk, position, "\n".join(shown[-60:]))
        if line.startswith(("+", " ")) or line == "":
            done.right[new] = spot
            new += 1
        if line.startswith(("-", " ")) or line == "":
            done.left[old] = spot
            old += 1
    return done
