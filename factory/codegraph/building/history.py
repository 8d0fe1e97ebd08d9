"""The newest commits before a tree, kept in the store so that only new ones are asked of git."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from factory.codegraph.store.store import GraphStore
from factory.codegraph.view import Commit
from factory.contracts.errors import GitProblem
from factory.git import run_git

MOST = 3000  # commits, without merges
WIDE = 30  # files: a commit that touches more says nothing about which belong together
LONGEST = 500  # characters of a subject
DAY = 86400
_BEGIN = re.compile(rb"\x01([0-9a-f]{40,64})")
_FORMAT = "--format=%x01%H%x00%ct%x00%s"


class _Read(NamedTuple):
    sha: str
    time: int  # seconds since 1970, of the committer
    subject: str
    paths: str  # JSON; of a wide one ()


def commits_of(store: GraphStore, folder: Path, commit: str, most: int = MOST) -> Sequence[Commit]:
    """Of this commit's own history, newest first, without those that touch more than WIDE files or none. What a
    shallow clone does not have is not there."""
    if not commit:
        return ()
    try:
        shas = (
            run_git(folder, "rev-list", "--no-merges", f"--max-count={most}", "--end-of-options", commit)
            .decode()
            .split()
        )
        kept = _kept(store, shas)
        missing = [sha for sha in shas if sha not in kept]
        if missing:
            kept |= _read(store, folder, missing)
    except GitProblem:  # objects that a partial clone lacks
        return ()
    rows = [kept[sha] for sha in shas if sha in kept]
    newest = max((row.time for row in rows), default=0)
    return tuple(
        Commit(row.sha, (newest - row.time) / DAY, row.subject, paths)
        for row in rows
        if (paths := tuple(json.loads(row.paths)))
    )


def _kept(store: GraphStore, shas: Sequence[str]) -> dict[str, _Read]:
    rows = store.read(
        "SELECT sha, time, subject, paths FROM commits WHERE sha IN (SELECT value FROM json_each(?))",
        (json.dumps(shas),),
    )
    return {row[0]: _Read._make(row) for row in rows}


def _read(store: GraphStore, folder: Path, shas: Sequence[str]) -> dict[str, _Read]:
    raw = run_git(
        folder, "log", "--no-walk=unsorted", "--stdin", "-z", "--name-only", "--no-renames", "--no-show-signature",
        _FORMAT, stdin="\n".join(shas).encode(),
    )  # fmt: skip
    found = list(_commits_in(raw))
    with store.transaction() as db:
        db.executemany("INSERT OR IGNORE INTO commits VALUES (?, ?, ?, ?)", found)
    return {row.sha: row for row in found}


def _commits_in(raw: bytes) -> Iterator[_Read]:
    """What `git log -z` prints: begin, time and subject of each, then its paths, the first behind a newline."""
    fields = iter(raw.split(b"\0"))
    begin = _BEGIN.fullmatch(next(fields, b""))
    while begin:
        time, subject = int(next(fields)), next(fields).decode("utf-8", "replace")[:LONGEST]
        sha, paths, begin = begin[1].decode(), [], None
        for number, field in enumerate(fields):
            begin = _BEGIN.fullmatch(field)
            if begin:
                break
            paths.append(os.fsdecode(field.removeprefix(b"\n") if not number else field))
        paths = [path for path in paths if path]
        yield _Read(sha, time, subject, json.dumps(paths if len(paths) <= WIDE else []))
