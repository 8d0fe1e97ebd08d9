"""Which files of the tree an import means. Each language's rules are in a file beside; what is found is kept."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from factory.codegraph.facts import Import
from factory.codegraph.imports import names, native, python, script
from factory.codegraph.imports.tree import Tree
from factory.codegraph.view import View

Rule: TypeAlias = Callable[[Tree, str, Import], Iterable[str]]

RULES: dict[str, Rule] = {
    "bash": names.bash,
    "c": native.include,
    "cpp": native.include,
    "csharp": names.namespace,
    "go": native.go,
    "java": names.java,
    "javascript": script.script,
    "kotlin": names.java,
    "php": names.php,
    "python": python.python,
    "ruby": names.ruby,
    "rust": native.rust,
    "swift": names.swift,
    "tsx": script.script,
    "typescript": script.script,
}
MOST_FILES = 200  # that one import can mean: a package of many files, a namespace


class Resolver:
    """The imports of one view's files."""

    def __init__(self, view: View) -> None:
        self.tree = Tree(view)
        self._known: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = {}

    def resolve(self, path: str, import_: Import) -> tuple[str, ...]:
        """Paths in the tree, best first; () for what is not part of it (a library). Never the file itself."""
        key = (path, import_.module, import_.names)
        if key not in self._known:
            doc = self.tree.view.docs.get(path)
            rule = RULES.get(doc.language) if doc else None
            found = dict.fromkeys(rule(self.tree, path, import_)) if rule else {}
            found.pop(path, None)
            self._known[key] = tuple(found)[:MOST_FILES]
        return self._known[key]


@lru_cache(maxsize=2)  # more would keep views of runs that are over
def resolver_of(view: View) -> Resolver:
    """The view's one resolver: its indexes are made once, whoever asks."""
    return Resolver(view)


def resolve(view: View, path: str, import_: Import) -> tuple[str, ...]:
    """Which files of the tree an import of the file `path` means, best first; () for one from outside."""
    return resolver_of(view).resolve(path, import_)
