"""Put the base's tests and test configuration over a candidate, and a candidate's tests over the base."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from factory.checks.paths import PARTS, TestPaths, classify
from factory.checks.python_env import pytest_options
from factory.checks.sections import restored
from factory.checks.source import Source, parent


@dataclass(frozen=True)
class Difference:
    """What a change did to the repository's tests."""

    paths: TestPaths
    files: tuple[str, ...]  # collectable test files, added or modified
    support: tuple[str, ...]  # fixtures, helpers and configuration, added, modified or deleted
    deleted: tuple[str, ...]  # collectable test files that are gone
    changed: tuple[str, ...]  # every path of the change
    guard: Source  # the candidate with the base's tests and test configuration
    new_on_base: Source  # the base with the candidate's tests and test configuration
    notes: tuple[str, ...] = ()

    @property
    def touched(self) -> bool:
        """Do the candidate's tests differ from the base's at all?"""
        return bool(self.files or self.support or self.deleted)


def compare_tests(base: Source, candidate: Source) -> Difference:
    """Classify a change and build the two mixed trees that the checks run."""
    changed = tuple(change.path for change in base.trees.changed(base.tree, candidate.tree))
    patterns = [word for line in pytest_options(base, "").splitlines() if line.strip().startswith("python_files")
                for word in line.replace("=", " ").replace(",", " ").replace('"', " ").split()[1:]]  # fmt: skip
    paths = classify((*base.paths, *candidate.paths), patterns)
    mine = [path for path in changed if paths.is_test(path) or paths.is_config(path)]
    shared = [path for path in changed if PurePosixPath(path).name in PARTS and path not in mine]
    notes: list[str] = []
    guard, parts = _mixed(candidate, base, mine, shared, notes)
    new_on_base, _ = _mixed(base, candidate, mine, shared, [])
    files = [path for path in mine if paths.collectable(path) and not paths.is_config(path)]
    return Difference(
        paths=paths,
        files=tuple(path for path in files if candidate.has(path)),
        support=(*(path for path in mine if path not in files), *parts),
        deleted=tuple(path for path in files if not candidate.has(path)),
        changed=changed,
        guard=guard,
        new_on_base=new_on_base,
        notes=tuple(notes),
    )


def _mixed(
    under: Source, over: Source, whole: Iterable[str], shared: Iterable[str], notes: list[str]
) -> tuple[Source, list[str]]:
    """`under` with the test files of `over`; the shared files whose test tables had to be put back."""
    overlay: dict[str, bytes] = {}
    absent: set[str] = set()
    for path in whole:
        entry = over.paths.get(path)
        if entry is None:
            absent.add(path)
        elif not entry.mode.startswith("100"):
            notes.append(f"{path} is a link or a submodule: it was not put back.")
        else:
            overlay[path] = over.trees.read(entry.oid)
            absent |= _in_the_way(under, path)
    parts = []
    for path in shared:
        old, new = over.data(path), under.data(path)
        if not old or not new:
            continue
        text = restored(PurePosixPath(path).name, old, new)
        if text is None:
            notes.append(f"The test configuration in {path} could not be taken apart: the base's whole file was used.")
        data = old if text is None else text
        if text is None or not _same(path, text, new):
            overlay[path] = data
            parts.append(path)
    return Source(under.trees, under.tree, overlay, tuple(sorted(absent - set(overlay)))), parts


def _same(path: str, text: bytes, new: bytes) -> bool:
    """Did nothing change for the tests in this file? Then the candidate's own bytes stay."""
    again = restored(PurePosixPath(path).name, new, new)
    return again is not None and again.split() == text.split()


def _in_the_way(under: Source, path: str) -> set[str]:
    """Entries that keep `path` from being a file: a link or file where a folder must be, files below it."""
    found = {other for other in under.paths if other.startswith(f"{path}/")}
    folder = parent(path)
    while folder:
        if folder in under.paths:
            found.add(folder)
        folder = parent(folder)
    entry = under.paths.get(path)
    if entry is not None and not entry.mode.startswith("100"):
        found.add(path)
    return found
