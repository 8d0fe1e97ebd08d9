"""One tree's files as the store knows them: what every query and the ranking read. Made by `build`."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from factory.codegraph.facts import Facts

Posting = Literal["word", "name", "def"]
"""What may be looked up: "word", a stem that `words.py` made; "name", an identifier anywhere in a file of code, as
written; "def", the name of a symbol that a file defines."""


class Doc(NamedTuple):
    """A file of the tree. `doc` is the number of its contents in the store: two equal files share one."""

    path: str
    doc: int
    language: str  # "" = plain text
    bytes: int
    lines: int
    words: int  # all words in it, repeated ones counted: the length that BM25 takes
    test: bool  # by its path


class Counts(NamedTuple):
    """What a build did. `skipped` by reason: generated, vendored, minified, binary, large, link, unreadable."""

    files: int
    parsed: int
    reused: int
    skipped: Mapping[str, int]
    failed: tuple[str, ...]  # paths whose parsing crashed or hung: they are plain text here
    seconds: float


class View(Protocol):
    """Everything about one tree. Reads the store when asked and keeps what it read; made for one thread."""

    def __hash__(self) -> int:
        """By identity: what is derived from a view is kept by it."""
        ...

    @property
    def docs(self) -> Mapping[str, Doc]:
        """By path, in the order of the paths."""
        ...

    def paths(self, doc: int) -> Sequence[str]: ...

    def facts(self, path: str) -> Facts:
        """`NOTHING` for a path that is not in the view."""
        ...

    def text(self, path: str) -> str:
        """A file as it stands in the tree, "" for one that is not in the view or not text. For the few that say how
        names become paths (go.mod, tsconfig.json); each call may cost a process."""
        ...

    def postings(self, kind: Posting, term: str) -> Sequence[tuple[int, int]]:
        """(doc, how often) for the files of this tree."""
        ...

    def commits(self) -> Sequence["Commit"]:
        """History before the tree's commit, newest first, bounded; () where there is none."""
        ...


class Commit(NamedTuple):
    """`age` in days before the newest one."""

    sha: str
    age: float
    subject: str
    paths: tuple[str, ...]
