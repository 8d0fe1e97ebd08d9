"""Put the base's tests and test configuration over a candidate, and a candidate's tests over the base."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from factory.checks.paths import LINT_PARTS, PARTS, TestPaths, classify, is_lint_config
from factory.checks.python_env import pytest_options
from factory.checks.sections import LINTERS, TESTS, Share, restored
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
    lint: Source  # the candidate with the base's configuration of linters and type checkers
    new_on_base: Source  # the base with the candidate's tests and test configuration
    notes: tuple[str, ...] = ()
    lint_note: str = ""  # for people, where a linter runs

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
    lint, lint_note = _lint(base, candidate, changed, notes)
    files = [path for path in mine if paths.collectable(path) and not paths.is_config(path)]
    return Difference(
        paths=paths,
        files=tuple(path for path in files if candidate.has(path)),
        support=(*(path for path in mine if path not in files), *parts),
        deleted=tuple(path for path in files if not candidate.has(path)),
        changed=changed,
        guard=guard,
        lint=lint,
        new_on_base=new_on_base,
        notes=tuple(notes),
        lint_note=lint_note,
    )


def _lint(base: Source, candidate: Source, changed: Iterable[str], notes: list[str]) -> tuple[Source, str]:
    """A change may not tell the linters to look away; one that means to is read by people."""
    whole = [path for path in changed if is_lint_config(path)]
    shared = [path for path in changed if PurePosixPath(path).name in LINT_PARTS]
    lint, parts = _mixed(candidate, base, whole, shared, notes, LINTERS)
    named = ", ".join((*whole, *parts))
    note = f"The change alters what linters and type checkers read ({named}): they ran with the base's."
    return lint, note if named else ""


def _mixed(
    under: Source, over: Source, whole: Iterable[str], shared: Iterable[str], notes: list[str], share: Share = TESTS
) -> tuple[Source, list[str]]:
    """`under` with the files of `over` that serve one purpose; the shared files where a part had to be put back."""
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
        old, new = _readable(over, path), _readable(under, path)
        if old is None or new is None:
            continue
        text = restored(PurePosixPath(path).name, old, new, share)
        if text is None:
            notes.append(f"The configuration in {path} could not be taken apart: the base's whole file was used.")
        data = old if text is None else text
        if text is None or not _same(path, text, new, share):
            overlay[path] = data
            parts.append(path)
    return Source(under.trees, under.tree, overlay, tuple(sorted(absent - set(overlay)))), parts


def _readable(source: Source, path: str) -> bytes | None:
    """A file's bytes, b"" where there is none, None for links and what is too large to take apart."""
    entry = source.paths.get(path)
    data = source.data(path)
    return None if entry is not None and len(data) != entry.size else data


def _same(path: str, text: bytes, new: bytes, share: Share) -> bool:
    """Did nothing change for this purpose in this file? Then the candidate's own bytes stay."""
    again = restored(PurePosixPath(path).name, new, new, share)
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
