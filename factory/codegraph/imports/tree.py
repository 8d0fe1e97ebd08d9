"""The paths of a view, indexed for those who look for a file by a part of its path. Made once per view."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from posixpath import normpath
from typing import Any, TypeVar

from factory.codegraph.view import View

T = TypeVar("T")

MOST_MANIFESTS = 200  # of one name that are read


def folder_of(path: str) -> str:
    """'' for a file at the root."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


def stem_of(path: str) -> str:
    """The name without its last ending: cart of shop/cart.py, cart.d of cart.d.ts."""
    name = name_of(path)
    return name.rpartition(".")[0] or name


def join(folder: str, relative: str) -> str:
    """A path from the root, '' for the root itself; '..', which no file is called, for what leads out of it."""
    joined = normpath(f"{folder}/{relative}" if folder else relative)
    if joined.startswith(("../", "/")):
        return ".."
    return "" if joined == "." else joined


def upwards(folder: str) -> Iterator[str]:
    """The folder itself and those above it, the root ('') last."""
    while folder:
        yield folder
        folder = folder_of(folder)
    yield ""


def shared(one: str, other: str) -> int:
    """How many leading folders two paths have in common."""
    count = 0
    for a, b in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if a != b:
            break
        count += 1
    return count


class Tree:
    """Looks up paths of `view`; `near` is always the file that asks: of several answers the closest comes first."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._once: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, kept: what the rules of a language read from its manifests."""
        if key not in self._once:
            self._once[key] = make()
        found: T = self._once[key]
        return found

    def __contains__(self, path: str) -> bool:
        return path in self.view.docs

    @cached_property
    def folders(self) -> dict[str, list[str]]:
        """The files that stand directly in each folder; folders that hold only folders have none."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.view.docs:
            found[folder_of(path)].append(path)
            for above in upwards(folder_of(folder_of(path))):
                if above in found:
                    break
                found[above] = []
        return dict(found)

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        return _by_end(self.view.docs)

    @cached_property
    def _folders_named(self) -> dict[str, list[str]]:
        return _by_end(self.folders)

    def named(self, name: str) -> list[str]:
        """Every file of that name, wherever it stands."""
        return self._named.get(name, [])

    def ending(self, tail: str, near: str) -> list[str]:
        """Files whose path ends with the whole segments of `tail`."""
        return _closest(self._named, tail, near)

    def folders_ending(self, tail: str, near: str) -> list[str]:
        return _closest(self._folders_named, tail, near)

    def files(self, folder: str, *endings: str) -> list[str]:
        return [path for path in self.folders.get(folder, ()) if path.endswith(endings)]

    def first(self, candidates: Iterable[str]) -> tuple[str, ...]:
        """The first that is a file of the tree."""
        return next(((path,) for path in candidates if path in self), ())

    def manifests(self, name: str) -> dict[str, str]:
        """Text of each file of that name (go.mod) by its folder."""
        return {folder_of(path): self.view.text(path) for path in self.named(name)[:MOST_MANIFESTS]}


def _by_end(paths: Iterable[str]) -> dict[str, list[str]]:
    """Under the last segment, and under the last two: there are a thousand of __init__.py."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        parts = path.rsplit("/", 2)
        found[parts[-1]].append(path)
        if len(parts) > 1:
            found["/".join(parts[-2:])].append(path)
    return dict(found)


def _closest(known: dict[str, list[str]], tail: str, near: str) -> list[str]:
    end = "/".join(tail.rsplit("/", 2)[-2:])
    found = [path for path in known.get(end, ()) if path == tail or path.endswith(f"/{tail}")]
    return sorted(found, key=lambda path: (-shared(path, near), path.count("/"), path))
