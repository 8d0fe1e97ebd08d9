"""A view of facts that a test wrote down: no store, no parser."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from factory.codegraph.facts import NOTHING, Facts, Import, Symbol, Use
from factory.codegraph.view import Commit, Doc, Posting

LANGUAGES = {".py": "python", ".ts": "typescript", ".tsx": "tsx", ".js": "javascript", ".go": "go", ".rs": "rust",
             ".java": "java", ".kt": "kotlin", ".c": "c", ".h": "c", ".cpp": "cpp", ".hpp": "cpp", ".cs": "csharp",
             ".php": "php", ".rb": "ruby", ".swift": "swift", ".sh": "bash"}  # fmt: skip


class ListedView:
    """Implements codegraph.view.View. A file is its Facts, or the text of a manifest."""

    def __init__(self, files: Mapping[str, Facts | str], commits: Sequence[Commit] = ()) -> None:
        self._facts = {path: file for path, file in files.items() if isinstance(file, Facts)}
        self._texts = {path: file for path, file in files.items() if isinstance(file, str)}
        self._commits = commits
        self._paths = sorted(files)
        self.docs = {
            path: Doc(path, number, LANGUAGES.get(PurePosixPath(path).suffix, ""), 100, self.facts(path).lines,
                      sum(self.facts(path).idents.values()), "test" in path.lower())
            for number, path in enumerate(self._paths)
        }  # fmt: skip

    def paths(self, doc: int) -> Sequence[str]:
        return (self._paths[doc],)

    def facts(self, path: str) -> Facts:
        return self._facts.get(path, NOTHING)

    def text(self, path: str) -> str:
        return self._texts.get(path, "")

    def postings(self, kind: Posting, term: str) -> Sequence[tuple[int, int]]:
        found: dict[int, int] = defaultdict(int)
        for path, facts in self._facts.items():
            if kind == "name":
                found[self.docs[path].doc] += facts.idents.get(term, 0)
            elif kind == "def":
                found[self.docs[path].doc] += sum(symbol.name == term for symbol in facts.symbols)
        return [(doc, count) for doc, count in found.items() if count]

    def commits(self) -> Sequence[Commit]:
        return self._commits


def facts(*said: Symbol | Use | Import, language: str = "python", lines: int = 100) -> Facts:
    """A file that holds these, and the identifiers that they need."""
    symbols = tuple(one for one in said if isinstance(one, Symbol))
    uses = tuple(one for one in said if isinstance(one, Use))
    imports = tuple(one for one in said if isinstance(one, Import))
    idents: dict[str, int] = defaultdict(int)
    for symbol in symbols:
        idents[symbol.name] += 1
    for use in uses:
        idents[use.name] += 1
    for import_ in imports:
        for name in (*import_.names, *import_.module.replace("/", ".").split(".")):
            idents[name] += 1
    return Facts(language, lines, symbols, uses, imports, dict(idents), {}, 0)


def symbol(name: str, start: int, end: int, kind: str = "function") -> Symbol:
    """`Cart.total` stands in Cart."""
    owner, _, plain = name.rpartition(".")
    return Symbol(plain, kind, owner, start, end, start, f"{kind} {plain}", "")
