"""The view of a tree that reads the store."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from factory.codegraph.facts import NOTHING, Facts
from factory.codegraph.store import segments
from factory.codegraph.store.packing import unpacked
from factory.codegraph.store.store import Damaged, GraphStore
from factory.codegraph.view import Commit, Doc, Posting

T = TypeVar("T")
BROKEN = (Damaged, zlib.error, ValueError, TypeError, EOFError)  # what unpacking damaged bytes raises


class StoredView:
    """Satisfies `view.View`. The store may be built anew under it: its own document numbers stay as they are."""

    def __init__(
        self, store: GraphStore, docs: Mapping[str, Doc], *, again: Callable[[], Mapping[str, Doc]],
        read: Callable[[str], bytes], history: Callable[[], Sequence[Commit]],
    ) -> None:  # fmt: skip
        """`again` builds the same tree after damage; `read` gives a path's bytes; `history` is called once."""
        self._store = store
        self._docs = MappingProxyType(dict(docs))
        self._again = again
        self._read = read
        self._history = history
        self._commits: Sequence[Commit] | None = None
        self._paths: dict[int, list[str]] = {}
        for path, doc in self._docs.items():
            self._paths.setdefault(doc.doc, []).append(path)
        self._inside = {number: number for number in self._paths}  # the store's number -> ours
        self._outside = self._inside
        self._facts: dict[int, Facts] = {}
        self._postings: dict[tuple[str, str], Sequence[tuple[int, int]]] = {}

    @property
    def docs(self) -> Mapping[str, Doc]:
        return self._docs

    def paths(self, doc: int) -> Sequence[str]:
        return self._paths.get(doc, ())

    def facts(self, path: str) -> Facts:
        found = self._docs.get(path)
        if found is None:
            return NOTHING
        if found.doc not in self._facts:
            self._facts[found.doc] = self._mended(lambda: self._unpacked(found.doc))
        return self._facts[found.doc]

    def postings(self, kind: Posting, term: str) -> Sequence[tuple[int, int]]:
        key = (kind, term)
        if key not in self._postings:
            self._postings[key] = self._mended(lambda: self._looked_up(kind, term))
        return self._postings[key]

    def text(self, path: str) -> str:
        if path not in self._docs:
            return ""
        return self._read(path).decode("utf-8", "replace")

    def commits(self) -> Sequence[Commit]:
        if self._commits is None:
            self._commits = self._mended(self._history)
        return self._commits

    def _looked_up(self, kind: Posting, term: str) -> Sequence[tuple[int, int]]:
        inside, found = self._inside, []
        for start, data in self._store.blocks(kind, term):
            for posting in segments.postings_of(data, term):
                doc = inside.get(start + (posting >> 16))
                if doc is not None:
                    found.append((doc, posting & segments.MOST))
        return tuple(found)

    def _unpacked(self, doc: int) -> Facts:
        data = self._store.facts(self._outside[doc])
        return unpacked(data) if data else NOTHING

    def _mended(self, work: Callable[[], T]) -> T:
        """`work`, a second time with a store built anew when this one is damaged."""
        try:
            return work()
        except BROKEN:
            self._store.start_over("is damaged")
            docs = self._again()
            self._outside = {doc.doc: docs[path].doc for path, doc in self._docs.items()}
            self._inside = {outside: number for number, outside in self._outside.items()}
            return work()
