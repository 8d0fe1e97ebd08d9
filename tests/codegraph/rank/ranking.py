"""A view of a few sources held in memory, for tests of what reads views."""

from collections import Counter
from collections.abc import Mapping, Sequence

from factory.codegraph.building.skip import is_test
from factory.codegraph.facts import NOTHING, Facts
from factory.codegraph.parse.extract import extract
from factory.codegraph.parse.languages import language_of
from factory.codegraph.view import Commit, Doc, Posting
from factory.codegraph.words import words_of


class Held:
    """Satisfies `View`."""

    def __init__(self, files: Mapping[str, str], commits: Sequence[Commit] = ()) -> None:
        self._files = files
        self._commits = commits
        self._facts = {path: extract(language_of(path), text.encode()) for path, text in files.items()}
        self._numbers = dict(enumerate(sorted(files)))
        self.docs = {
            path: Doc(path, number, facts.language, len(files[path]), facts.lines,
                      sum(words_of(facts.idents, facts.prose).values()), is_test(path))
            for number, path in self._numbers.items() for facts in [self._facts[path]]
        }  # fmt: skip

    def paths(self, doc: int) -> Sequence[str]:
        return (self._numbers[doc],)

    def facts(self, path: str) -> Facts:
        return self._facts.get(path, NOTHING)

    def text(self, path: str) -> str:
        return self._files.get(path, "")

    def commits(self) -> Sequence[Commit]:
        return self._commits

    def postings(self, kind: Posting, term: str) -> Sequence[tuple[int, int]]:
        counts = {number: self._counts(kind, path).get(term, 0) for number, path in self._numbers.items()}
        return [(number, count) for number, count in counts.items() if count]

    def _counts(self, kind: Posting, path: str) -> Mapping[str, int]:
        facts = self._facts[path]
        if kind == "word":
            return words_of(facts.idents, facts.prose)
        return facts.idents if kind == "name" else Counter(symbol.name for symbol in facts.symbols)
