"""A tree as the checks read it: paths and texts from git objects, nothing on disk."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from factory.contracts.record import digest
from factory.contracts.seams import Entry, TreeReader

MOST = 1 << 20  # bytes of one configuration file that are read


@dataclass(frozen=True)
class Source:
    """One tree, for discovery, with the files that a check puts over it or takes away."""

    trees: TreeReader
    tree: str
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    @cached_property
    def paths(self) -> Mapping[str, Entry]:
        entries = self.trees.entries(self.tree)
        if not (self.overlay or self.absent):
            return entries
        gone = set(self.absent)
        kept = {path: entry for path, entry in entries.items() if path not in gone}
        for path, data in self.overlay.items():
            kept[path] = Entry(path=path, mode="100644", oid=digest(data), size=len(data))
        return kept

    @property
    def identity(self) -> str:
        """The tree's id, or a digest of it and of what lies over it."""
        if not (self.overlay or self.absent):
            return self.tree
        over = sorted((path, digest(data)) for path, data in self.overlay.items())
        return digest(repr((self.tree, over, sorted(self.absent))))

    def has(self, path: str) -> bool:
        return path in self.paths

    def data(self, path: str) -> bytes:
        """A regular file's bytes, b"" when there is none, it is a symlink, or it is larger than 1 MiB."""
        if path in self.overlay:
            return self.overlay[path]
        entry = self.paths.get(path)
        if entry is None or not entry.mode.startswith("100") or entry.size > MOST:
            return b""
        return self.trees.read(entry.oid)

    def text(self, path: str) -> str:
        return self.data(path).decode("utf-8", errors="replace")

    def under(self, folder: str) -> Iterator[str]:
        """Paths inside `folder` ("" = all), without vendored ones."""
        start = f"{folder}/" if folder else ""
        for path, _ in self._named:
            if path.startswith(start):
                yield path

    @cached_property
    def _named(self) -> tuple[tuple[str, str], ...]:
        """(path, its last part) of everything that is not vendored: discovery asks for it a hundred times."""
        split = ((path, path.split("/")) for path in self.paths)
        return tuple((path, parts[-1]) for path, parts in split if VENDORED.isdisjoint(parts[:-1]))

    def matching(self, folder: str, *patterns: str) -> tuple[str, ...]:
        """Paths inside `folder` whose last part matches one of the globs, sorted."""
        start = f"{folder}/" if folder else ""
        return tuple(
            sorted(
                path
                for path, name in self._named
                if path.startswith(start) and any(fnmatchcase(name, pattern) for pattern in patterns)
            )
        )


VENDORED = frozenset(
    ".git .nox .tox .venv build dist node_modules site-packages target third_party vendor venv".split()
)


def inside(folder: str, name: str) -> str:
    """`name` in `folder` as a repository path."""
    return f"{folder}/{name}" if folder else name


def parent(path: str) -> str:
    """The folder of a repository path, "" at the top."""
    return path.rpartition("/")[0]


def outermost(folders: set[str]) -> tuple[str, ...]:
    """The folders that lie in no other of them, sorted."""
    if "" in folders:
        return ("",)
    return tuple(sorted(f for f in folders if not any(f.startswith(f"{other}/") for other in folders)))
