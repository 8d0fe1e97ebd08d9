"""Which files of the tree an import means. Each language's rules are in resolve_*.py; what is found is kept."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from factory.codegraph import resolve_names, resolve_native, resolve_python, resolve_script
from factory.codegraph.facts import Import
from factory.codegraph.tree import Tree
from factory.codegraph.view import View

Rule: TypeAlias = Callable[[Tree, str, Import], Iterable[str]]

RULES: dict[str, Rule] = {
    "bash": resolve_names.bash,
    "c": resolve_native.include,
    "cpp": resolve_native.include,
    "csharp": resolve_names.namespace,
    "go": resolve_native.go,
    "java": resolve_names.java,
    "javascript": resolve_script.script,
    "kotlin": resolve_names.java,
    "php": resolve_names.php,
    "python": resolve_python.python,
    "ruby": resolve_names.ruby,
    "rust": resolve_native.rust,
    "swift": resolve_names.swift,
    "tsx": resolve_script.script,
    "typescript": resolve_script.script,
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
