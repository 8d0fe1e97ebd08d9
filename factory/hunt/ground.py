"""What is hunted in: a read-only copy of one tree, and what is known about it besides."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from factory.codegraph.view import View
from factory.contracts.night import HuntSettings
from factory.hunt.source import Source
from factory.hunt.words import Words, counted


@dataclass(frozen=True)
class Blamed:
    """When a line was last touched, and by which commit."""

    commit: str
    when: str  # ISO 8601


def no_blame(path: str) -> dict[int, Blamed]:
    return {}


LOCKS = frozenset("package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml uv.lock poetry.lock pdm.lock".split())
"""Generated, and looked at all the same: what they pin may be known to be unsafe."""


@dataclass(frozen=True)
class Ground:
    """`root` is a folder of our own that holds the exported tree: no links, no git, nothing in it is ever run."""

    root: Path
    paths: tuple[str, ...]  # what is looked at, sorted: neither vendored nor generated, minified, binary or too big
    view: Callable[[], View] | None = None  # the code graph of this tree, built when a detector asks
    blame: Callable[[str], dict[int, Blamed]] = field(default=no_blame)  # by line, 1-based; {} without history
    commit: str = ""  # "" = of no commit
    when: str = ""  # the commit's date, ISO 8601: ages are counted from it
    skipped: Mapping[str, int] = field(default_factory=dict)  # files that are not looked at, by reason
    settings: HuntSettings = field(default_factory=HuntSettings)
    others: frozenset[str] = frozenset()  # the tree's files that are not in `paths`
    aside: tuple[str, ...] = ()  # of these, what is in `root`: its words count, though it is not looked at
    notices: list[str] = field(default_factory=list)  # what a survey could not read, for the report

    def source(self, path: str) -> Source:
        return Source(path, (self.root / path).read_bytes())

    def sources(self, *languages: str) -> Iterator[Source]:
        """Those of these languages, one at a time: nothing is kept."""
        for path in self.paths:
            found = Source(path, b"")
            if not languages or found.language in languages:
                yield self.source(path)

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def words(self) -> Words:
        """All words of the tree, lock files left out: a pass over every file, once and for all who ask."""
        read = (path for path in (*self.paths, *self.aside) if PurePosixPath(path).name not in LOCKS)
        return counted((path, (self.root / path).read_bytes()) for path in read)

    def holds(self, path: str) -> bool:
        """Whether the tree has this file or folder, looked at or not. `path` is plain: no `..` in it."""
        return path in self.known or path in self.folders or path in self.others

    @cached_property
    def folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path in (*self.paths, *self.others):
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)
