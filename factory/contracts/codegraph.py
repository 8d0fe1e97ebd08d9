"""What the code graph answers: definitions, references, calls, neighbours, tests, outlines. Lines are 1-based."""

from typing import Generic, Literal, TypeVar

from factory.contracts.record import Record

T = TypeVar("T", bound=Record)

Relation = Literal["imports", "importer", "uses", "user", "base", "derived", "changed", "test", "subject"]
"""How a file or symbol stands to the one asked about: it is imported by it, imports it, is used by it, uses it, is
what it inherits from, inherits from it, was changed in the same commits, tests it, is tested by it."""


class Listed(Record, Generic[T]):
    """An answer, best first. `cut` counts what the limits left off, 0 = this is all there is."""

    items: tuple[T, ...] = ()
    cut: int = 0


class Definition(Record):
    """A symbol and where it stands; `name` is qualified within its file (Cart.total)."""

    path: str
    name: str
    kind: str
    start: int
    end: int
    line: int
    signature: str = ""
    doc: str = ""

    @property
    def plain(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def key(self) -> str:
        """The name under which it may be asked for again, without doubt."""
        return f"{self.path}:{self.name}"


class Reference(Record):
    """A place where a name is used. `to` is the definition that is meant (path:name), as far as can be told.

    `sure`: imports, the same file or the same package lead there; else only the name agrees.
    """

    path: str
    line: int
    symbol: str = ""  # what it stands in, "" at the top level of its file
    kind: Literal["call", "base", "name", "import"]
    to: str
    sure: bool


class Call(Record):
    """One edge of a call tree: `path:symbol` calls (callers) or is called (callees); `of` is the other end.

    `depth` 1 is next to the symbol asked for; `line` is where the call stands, in the caller's file.
    """

    depth: int
    path: str
    symbol: str  # "" at the top level of the file
    line: int
    of: str
    sure: bool
    test: bool = False


class Neighbour(Record):
    """A file (`symbol` == "") or symbol nearby. `count` is how often: uses, names imported, commits together."""

    relation: Relation
    path: str
    symbol: str = ""
    line: int = 0
    count: int = 1
    sure: bool = True
    why: str = ""


class CoveredBy(Record):
    """A test file of what was asked for, with the tests in it that use it. `why` says how it was found."""

    path: str
    tests: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    why: tuple[Literal["uses", "name", "changed"], ...]
    score: float
