"""A tree as a hunting ground: its files in a folder of our own, without links and without git."""

import errno
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath

from factory.codegraph.building.build import view_of
from factory.codegraph.building.skip import reason_by_path
from factory.codegraph.building.sources import TreeSource
from factory.codegraph.parse.contents import LARGE, hint_of, reason_by_contents
from factory.codegraph.store.store import GraphStore
from factory.codegraph.view import View
from factory.contracts.errors import GitProblem
from factory.git import run_git
from factory.hunt.ground import LOCKS, Blamed, Ground

BATCH = 16 << 20  # bytes of files that are held at a time
BLAMES = 400  # files of one hunt whose history is asked for
_STRANGE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # cannot be shown, or be a line of an engine's output


def exported(tree: TreeSource, folder: Path, store: Callable[[], GraphStore] | None = None) -> Ground:
    """`folder` is empty and ours; what is not looked at is not there. `store`: where the code graph is kept."""
    skipped: Counter[str] = Counter({"large": len(tree.apart)} if tree.apart else {})
    paths = []
    for path, data in _files(tree, skipped):
        reason = _read(path, reason_by_contents(hint_of(path), data)) or _placed(folder, path, data)
        if reason:
            skipped[reason] += 1
        else:
            paths.append(path)
    return Ground(
        folder, tuple(sorted(paths)), _viewer(tree, store), _blamer(tree), tree.commit, _when(tree),
        dict(sorted(skipped.items())), others=frozenset(tree.entries) - frozenset(paths),
    )  # fmt: skip


def _read(path: str, reason: str) -> str:
    """Why not, once more: lock files are generated, and their pins are looked at."""
    return "" if reason in ("generated", "minified") and PurePosixPath(path).name in LOCKS else reason


def _when(tree: TreeSource) -> str:
    if not tree.commit:
        return ""
    return run_git(tree.folder, "show", "--no-patch", "--format=%cI", tree.commit).decode().strip()


def _files(tree: TreeSource, skipped: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Those that may be looked at by their path and size."""
    wanted = []
    for path, place in tree.entries.items():
        reason = _read(path, reason_by_path(path, place.mode)) or ("" if _is_plain(path) else "name")
        if reason:
            skipped[reason] += 1
        elif place.oid in tree.given:
            yield path, tree.given[place.oid]
        else:
            wanted.append((path, place.oid))
    for batch in _batches(tree.folder, wanted, skipped):
        yield from zip([path for path, _ in batch], _blobs(tree.folder, [oid for _, oid in batch]), strict=True)


def _is_plain(path: str) -> bool:
    """Whether it is a path beneath a folder: git's own checks do not hold for trees that somebody wrote by hand."""
    parts = path.split("/")
    return not _STRANGE.search(path) and not any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)


def _batches(folder: Path, wanted: Sequence[tuple[str, str]], skipped: Counter[str]) -> Iterator[list[tuple[str, str]]]:
    if not wanted:
        return
    asked = "".join(f"{oid}\n" for _, oid in wanted).encode()
    sizes = run_git(folder, "cat-file", "--batch-check=%(objectsize)", stdin=asked).split(b"\n")
    batch, held = [], 0
    for each, size in zip(wanted, sizes, strict=False):
        if not size.isdigit():  # missing: a partial clone
            skipped["unreadable"] += 1
        elif int(size) > LARGE:
            skipped["large"] += 1
        else:
            batch.append(each)
            held += int(size)
        if held > BATCH:
            yield batch
            batch, held = [], 0
    yield batch


def _blobs(folder: Path, oids: Sequence[str]) -> Iterator[bytes]:
    raw = run_git(folder, "cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
    at = 0
    for _ in oids:
        end = raw.index(b"\n", at)
        size = int(raw[at:end].split()[2])
        yield raw[end + 1 : end + 1 + size]
        at = end + size + 2


def _placed(folder: Path, path: str, data: bytes) -> str:
    """Write it, for us to read only. Why it could not be: two names of a tree may not fit one file system."""
    file = folder / PurePosixPath(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as ours:
            ours.write(data)
    except (FileExistsError, NotADirectoryError, IsADirectoryError, UnicodeEncodeError):
        return "name"
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return "name"
    return ""


def _viewer(tree: TreeSource, store: Callable[[], GraphStore] | None) -> Callable[[], View] | None:
    if store is None:
        return None
    return cache(lambda: view_of(store(), tree)[0])


def _blamer(tree: TreeSource) -> Callable[[str], dict[int, Blamed]]:
    asked: dict[str, dict[int, Blamed]] = {}

    def blame(path: str) -> dict[int, Blamed]:
        if path not in asked and len(asked) < BLAMES and tree.commit:
            asked[path] = _blamed(tree, path)
        return asked.get(path, {})

    return blame


def _blamed(tree: TreeSource, path: str) -> dict[int, Blamed]:
    """{} for a file that is not committed, or as it is not committed: its lines are others."""
    if path not in tree.entries or tree.entries[path].oid in tree.given:
        return {}
    try:
        raw = run_git(tree.folder, "blame", "--porcelain", tree.commit, "--", path)
    except GitProblem:
        return {}
    return dict(_lines_of(raw.decode(errors="replace")))


def _lines_of(text: str) -> Iterator[tuple[int, Blamed]]:
    when: dict[str, str] = {}
    commit, number = "", 0
    for line in text.split("\n"):
        if line.startswith("\t"):
            yield number, Blamed(commit, when.get(commit, ""))
        elif match := re.match(r"([0-9a-f]{40,64}) \d+ (\d+)", line):
            commit, number = match[1], int(match[2])
        elif line.startswith("author-time "):
            when[commit] = datetime.fromtimestamp(int(line[12:]), UTC).isoformat()
