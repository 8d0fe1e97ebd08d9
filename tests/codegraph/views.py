"""What a view says, by paths, so that two of them can be compared."""

from collections.abc import Mapping
from typing import Any

from factory.codegraph.view import Posting, View
from factory.codegraph.words import words_of

KINDS: tuple[Posting, ...] = ("word", "name", "def")


def told(view: View) -> Mapping[str, Any]:
    """Everything but the store's own numbers. Every term of every file is looked up."""
    names = {name for path in view.docs for name in view.facts(path).idents}
    words = {word for path in view.docs for word in words_of(view.facts(path).idents, view.facts(path).prose)}
    defined = {symbol.name for path in view.docs for symbol in view.facts(path).symbols}
    return {
        "docs": {path: doc._replace(doc=0) for path, doc in view.docs.items()},
        "shared": {frozenset(view.paths(doc.doc)) for doc in view.docs.values()},
        "facts": {path: view.facts(path) for path in view.docs},
        "postings": {
            (kind, term): sorted((view.paths(doc), count) for doc, count in view.postings(kind, term))
            for kind in KINDS
            for term in names | words | defined
        },
    }
