"""A view of a tree: what the store does not know yet is read in worker processes, the rest is looked up."""

import time
from collections import Counter
from collections.abc import Callable, Mapping

from factory.codegraph.building.history import commits_of
from factory.codegraph.building.pool import Ahead, Limits, parsed
from factory.codegraph.building.skip import is_test, reason_by_path
from factory.codegraph.building.sources import TreeSource, source_of_checkout, source_of_commit, source_of_store
from factory.codegraph.parse.contents import hint_of
from factory.codegraph.store.compact import tidy
from factory.codegraph.store.rows import File
from factory.codegraph.store.store import Damaged, GraphStore, Kept, Key
from factory.codegraph.store.stored import StoredView
from factory.codegraph.view import Counts, Doc, View
from factory.git import run_git

AHEAD = 2  # processes: the tree may turn out to be small
__all__ = ["TreeSource", "source_of_checkout", "source_of_commit", "source_of_store", "view_of"]


def view_of(
    store: GraphStore, tree: TreeSource | Callable[[], TreeSource], *, workers: int | None = None,
    limits: Limits | None = None,
) -> tuple[View, Counts]:  # fmt: skip
    """The tree's view, and what was done for it. A damaged store is built anew.

    A function is asked for the tree; while it finds that out, the processes that a new store needs are started.
    """
    limits = limits or (Limits(workers=workers) if workers else Limits())
    with Ahead(min(limits.workers, AHEAD) if callable(tree) and store.is_new() else 0) as ahead:
        known = tree() if callable(tree) else tree
        try:
            return _viewed(store, known, limits, ahead)
        except Damaged as problem:
            store.start_over(str(problem))
            return _viewed(store, known, limits, ahead)


def _viewed(store: GraphStore, tree: TreeSource, limits: Limits, ahead: Ahead) -> tuple[View, Counts]:
    started = time.perf_counter()
    wanted, skipped = _wanted(tree)
    kept, read = _known(store, tree, wanted, limits, ahead)
    docs, failed = {}, []
    for path in sorted(wanted):
        row = kept[wanted[path]]
        if row.skip:
            skipped[row.skip] += 1
        else:
            docs[path] = Doc(path, row.doc, row.language, row.size, row.lines, row.words, is_test(path))
        if row.failed:
            failed.append(path)
    view = StoredView(
        store, docs,
        again=lambda: _viewed(store, tree, limits, Ahead(0))[0].docs,
        read=lambda path: _bytes_of(tree, path),
        history=lambda: commits_of(store, tree.folder, tree.commit),
    )  # fmt: skip
    counts = Counts(
        files=len(docs), parsed=read, reused=len(kept) - read, skipped=dict(skipped), failed=tuple(failed),
        seconds=time.perf_counter() - started,
    )  # fmt: skip
    return view, counts


def _wanted(tree: TreeSource) -> tuple[dict[str, Key], Counter[str]]:
    """What is to be read, and what is not by its path alone."""
    wanted = {}
    skipped: Counter[str] = Counter(large=len(tree.apart)) if tree.apart else Counter()
    for path, place in tree.entries.items():
        reason = reason_by_path(path, place.mode)
        if reason:
            skipped[reason] += 1
        else:
            wanted[path] = Key(place.oid, hint_of(path))
    return wanted, skipped


def _known(
    store: GraphStore, tree: TreeSource, wanted: Mapping[str, Key], limits: Limits, ahead: Ahead
) -> tuple[dict[Key, Kept], int]:
    """All of it, after what is missing was read; and how many that were."""
    kept = store.kept(wanted.values())
    missing = {key: path for path, key in wanted.items() if key not in kept}
    if missing:
        files = [File(key.oid, path.rpartition("/")[2]) for key, path in missing.items()]
        for segment in parsed(files, tree.folder, tree.given, limits, ahead):
            store.add(segment)
        kept |= store.kept(missing)
    stale = [row.doc for row in kept.values() if row.day < store.today]
    if stale:
        store.touch(stale)
    if missing:
        tidy(store)
    return kept, len(missing)


def _bytes_of(tree: TreeSource, path: str) -> bytes:
    oid = tree.entries[path].oid
    return tree.given[oid] if oid in tree.given else run_git(tree.folder, "cat-file", "blob", oid)
