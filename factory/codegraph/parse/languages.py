"""The languages that are parsed: one row here and one query file in `queries/` each.

A query file names what its patterns find by captures (see `queries/python.scm`):
`@name` is the name inside a definition, and the definition itself is captured by its kind (`@class`, `@function`,
`@method`, `@field`, … as in `facts.Symbol`); `@body` is where its signature ends, `@owner` the type it belongs to when
it stands elsewhere (a Go receiver). `@outer` is a statement around a definition (decorators, `export`) that counts as
part of it, `@scope` a block that owns what is in it without being a symbol itself (a Rust impl).
`@call`, `@base`, `@mention` are names used, `@import` an import statement or the module it names.
"""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from factory.codegraph.parse import imports
from factory.codegraph.parse.imports import Reader

if TYPE_CHECKING:
    from tree_sitter import Language, Query, Tree
    from tree_sitter import Node as Node

STEPS = 300  # in hundreds of the parser's; sources take 10 to 20 such steps a kilobyte, nested or broken ones up to 80


class Row(NamedTuple):
    """`module` is the grammar's package and `entry` its function; `imports` reads the text of an `@import`;
    `above` are the beginnings of lines that belong to the definition under them (doc comments, attributes);
    `docstrings`: documentation is the first string in the body; `sign`: identifiers may hold a `$`;
    `deep`: the loss check knows its statements (`names.py`); `bound`: a call without a receiver never means a
    method."""

    module: str
    suffixes: tuple[str, ...]
    imports: Reader
    entry: str = "language"
    above: tuple[bytes, ...] = (b"//", b"/*", b"*")
    constructors: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # by whole name
    programs: tuple[bytes, ...] = ()  # by #! line
    docstrings: bool = False
    sign: bool = False
    deep: bool = False
    bound: bool = False


LANGUAGES = {
    "bash": Row("tree_sitter_bash", (".sh", ".bash", ".bats"), imports.plain, above=(b"#",),
                files=(".bashrc", ".bash_profile", ".profile"), programs=(b"bash", b"sh", b"dash", b"ksh")),
    "c": Row("tree_sitter_c", (".c", ".h"), imports.plain),
    "cpp": Row("tree_sitter_cpp", (".cc", ".cpp", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".cu", ".cuh"),
               imports.plain),
    "csharp": Row("tree_sitter_c_sharp", (".cs",), imports.csharp),
    "go": Row("tree_sitter_go", (".go",), imports.plain, deep=True, bound=True),
    "java": Row("tree_sitter_java", (".java",), imports.dotted, sign=True, deep=True),
    "javascript": Row("tree_sitter_javascript", (".js", ".jsx", ".mjs", ".cjs"), imports.javascript, sign=True,
                      constructors=("constructor",), programs=(b"node",), deep=True, bound=True),
    "kotlin": Row("tree_sitter_kotlin", (".kt", ".kts"), imports.dotted),
    "php": Row("tree_sitter_php", (".php", ".phtml", ".inc"), imports.php, entry="language_php",
               above=(b"//", b"/*", b"*", b"#"), constructors=("__construct",), programs=(b"php",), bound=True),
    "python": Row("tree_sitter_python", (".py", ".pyi"), imports.python, above=(), constructors=("__init__",),
                  files=("SConstruct", "wscript"), programs=(b"python",), docstrings=True, deep=True, bound=True),
    "ruby": Row("tree_sitter_ruby", (".rb", ".rake", ".gemspec", ".ru"), imports.ruby, above=(b"#",),
                constructors=("initialize",), files=("Rakefile", "Gemfile", "Guardfile", "Vagrantfile"),
                programs=(b"ruby",)),
    "rust": Row("tree_sitter_rust", (".rs",), imports.rust, above=(b"//", b"/*", b"*", b"#["), deep=True, bound=True),
    "swift": Row("tree_sitter_swift", (".swift",), imports.plain, constructors=("init",)),
    "tsx": Row("tree_sitter_typescript", (".tsx",), imports.javascript, entry="language_tsx", sign=True,
               constructors=("constructor",), deep=True, bound=True),
    "typescript": Row("tree_sitter_typescript", (".ts", ".mts", ".cts"), imports.javascript, sign=True,
                      entry="language_typescript", constructors=("constructor",), programs=(b"deno",), deep=True,
                      bound=True),
}  # fmt: skip
_BY_SUFFIX = {suffix: name for name, row in LANGUAGES.items() for suffix in row.suffixes}
_BY_FILE = {file: name for name, row in LANGUAGES.items() for file in row.files}
_BY_PROGRAM = {program: name for name, row in LANGUAGES.items() for program in row.programs}
_CPP = (b"class ", b"namespace ", b"template<", b"template <", b"std::", b"public:", b"constexpr ")


def language_of(path: str, head: bytes = b"") -> str:
    """The language of a file by its name, then by the first bytes in `head`; "" = plain text."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    suffix = name[dot:].lower() if 0 < dot < len(name) - 1 else ""
    if suffix == ".h" and any(word in head for word in _CPP):
        return "cpp"
    found = _BY_SUFFIX.get(suffix) or _BY_FILE.get(name)
    return found or ("" if suffix else _by_program(head))


def _by_program(head: bytes) -> str:
    """From `#!/usr/bin/env python3` and the like."""
    if not head.startswith(b"#!"):
        return ""
    words = [word.rpartition(b"/")[2] for word in head[2:].split(b"\n", 1)[0].split()]
    program = next((word for word in words if word != b"env" and not word.startswith(b"-")), b"")
    return _BY_PROGRAM.get(program.rstrip(b"0123456789."), "")


@lru_cache(maxsize=32)
def grammar(language: str) -> "Language":
    """Loaded once in a process; may be shared between threads. KeyError for a language that has no row."""
    from tree_sitter import Language

    row = LANGUAGES[language]
    return Language(getattr(import_module(row.module), row.entry)())


def parse(language: str, data: bytes) -> "Tree | None":
    """None when the grammar takes far more steps than sources of this size do: some are ambiguous enough (Kotlin's) for
    a few broken lines to take hours and all memory. Counted in steps, so that the same file always ends the same way.
    """
    from tree_sitter import Parser

    if not data.endswith(b"\n"):
        data += b"\n"  # Kotlin 1.1's scanner looks for an end after an `@` for ever
    left, size = STEPS + len(data) // 10, len(data)

    def read(at: int, _: object) -> bytes:
        return data[at : at + size]

    def too_long(at: int, broken: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:  # a parser for each call: they are not shared between threads
        tree = Parser(grammar(language)).parse(read, progress_callback=too_long)
    except ValueError:
        return None
    size = 128  # from now on it is asked for the text of single nodes, by a query's predicates
    return tree


@lru_cache(maxsize=32)
def query(language: str) -> "Query":
    """The language's query file, compiled."""
    from tree_sitter import Query

    return Query(grammar(language), query_text(language))


def query_text(language: str) -> str:
    """All patterns of a language: those of its own file, or of the files that it shares with others."""
    folder = Path(__file__).parent / "queries"
    return "\n".join(
        (folder / f"{name}.scm").read_text(encoding="utf-8") for name in _SHARED.get(language, (language,))
    )


_SHARED = {"javascript": ("ecmascript", "javascript"), "typescript": ("ecmascript", "typescript"),
           "tsx": ("ecmascript", "typescript", "tsx"), "cpp": ("c", "cpp")}  # fmt: skip
