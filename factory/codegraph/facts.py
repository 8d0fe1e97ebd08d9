"""What is read from one source file. Plain tuples: the processes that parse load this and nothing heavy."""

from typing import NamedTuple


class Symbol(NamedTuple):
    """One definition. Lines are 1-based and inclusive, decorators and doc comments before it counted in.

    `kind`: class, interface, trait, struct, enum, union, type, function, method, constructor, field, constant,
    variable, macro, module. `owner` is what it stands in, dotted, "" at the top level (a Go method's is its receiver's
    type, a Rust method's the type of its impl block). `signature` is one line, at most 200 characters. `doc` is the
    first line of its documentation.
    """

    name: str
    kind: str
    owner: str
    start: int
    end: int
    line: int  # where the name stands
    signature: str
    doc: str

    @property
    def full(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


class Use(NamedTuple):
    """A name that is used. `kind`: call, plain (a call without a receiver, in languages where such a one never means a
    method), base (inherits from it, implements it), name (any other mention)."""

    name: str
    line: int
    kind: str

    @property
    def called(self) -> bool:
        return self.kind in ("call", "plain")


class Import(NamedTuple):
    """An import as it is written: `module` is dotted, a path ("./cart") or `crate::cart`; `names` () = the module
    itself, ("*",) = everything in it. Names are those of the module that is imported from: what they are
    called here is lost."""

    module: str
    names: tuple[str, ...]
    line: int


class Facts(NamedTuple):
    """One file. `broken` is the first line that does not parse (0 = all does); '' as language means plain text.

    `idents` counts every identifier in the file, as it is written; the words of a search are made of them. `prose`
    is for plain words that are told apart from code, lower-cased; the extraction leaves it empty, because
    `idents` holds the words of comments and texts too.
    """

    language: str
    lines: int
    symbols: tuple[Symbol, ...]
    uses: tuple[Use, ...]
    imports: tuple[Import, ...]
    idents: dict[str, int]
    prose: dict[str, int]
    broken: int


NOTHING = Facts("", 0, (), (), (), {}, {}, 0)
