"""Keeping the store small: segments are merged when there are many, and contents that nobody asks for are dropped."""

import sqlite3
from collections.abc import Sequence

from factory.codegraph.store import segments
from factory.codegraph.store.segments import Block
from factory.codegraph.store.store import GraphStore, insert_segment

MANY = 8  # segments of one size class (under 10, 100, 1000 documents) are merged when there are more
BIG = 1000  # documents: such a segment stays as it is, unless most of it is gone
AT_ONCE = 4000  # documents merged in one go: it is done in memory
IDLE = 60  # days after which contents that were in no view are dropped
MOST = 200_000  # documents that are kept
COMMITS = 50_000  # of the history


def tidy(store: GraphStore, idle: int = IDLE, most: int = MOST) -> None:
    """After a build. Old contents are looked for once a day."""
    with store.transaction() as db:
        (last,) = db.execute("SELECT tidied FROM numbers").fetchone()
        if last != store.today:
            db.execute("UPDATE numbers SET tidied = ?", (store.today,))
            _drop(db, store.today, idle, most)
        for size in (10, 100, BIG):
            _merge_class(db, size)
    if last != store.today:
        store.read("PRAGMA incremental_vacuum")


def _drop(db: sqlite3.Connection, today: int, idle: int, most: int) -> None:
    """What is in a view today stays."""
    db.execute("DELETE FROM docs WHERE day < ?", (today - idle,))
    db.execute(
        "DELETE FROM docs WHERE day < ?"
        " AND doc IN (SELECT doc FROM docs ORDER BY day DESC, doc DESC LIMIT -1 OFFSET ?)",
        (today, most),
    )
    db.execute("DELETE FROM facts WHERE doc NOT IN (SELECT doc FROM docs)")
    db.execute(
        "DELETE FROM commits WHERE sha IN (SELECT sha FROM commits ORDER BY time DESC LIMIT -1 OFFSET ?)", (COMMITS,)
    )
    alive = dict(db.execute("SELECT segment, COUNT(*) FROM docs GROUP BY segment"))
    for number, docs in db.execute("SELECT segment, docs FROM segments").fetchall():
        if alive.get(number, 0) * 2 < docs:
            _merge(db, [number])


def _merge_class(db: sqlite3.Connection, size: int) -> None:
    found = db.execute(
        "SELECT segment, docs FROM segments WHERE docs < ? AND docs >= ? ORDER BY segment", (size, size // 10)
    ).fetchall()
    if len(found) <= MANY:
        return
    chosen, documents = [], 0
    for number, docs in found:
        if documents + docs <= AT_ONCE:
            chosen.append(number)
            documents += docs
    _merge(db, chosen)


def _merge(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """One segment in place of these, without what was dropped."""
    marks = ", ".join("?" * len(numbers))
    alive = {doc for (doc,) in db.execute(f"SELECT doc FROM docs WHERE segment IN ({marks})", numbers)}  # noqa: S608
    parts = db.execute(
        f"SELECT start, segment FROM segments WHERE segment IN ({marks}) ORDER BY start",  # noqa: S608 (marks)
        numbers,
    ).fetchall()
    start = parts[0][0]
    blocks = list(segments.merged(((own - start, _blocks(db, number)) for own, number in parts),
                                  lambda document: document + start in alive))  # fmt: skip
    for table in ("blocks", "segments"):
        db.execute(f"DELETE FROM {table} WHERE segment IN ({marks})", numbers)  # noqa: S608 (two names, marks)
    if alive:
        number = insert_segment(db, start, len(alive), blocks)
        db.execute(f"UPDATE docs SET segment = ? WHERE segment IN ({marks})", (number, *numbers))  # noqa: S608


def _blocks(db: sqlite3.Connection, segment: int) -> list[Block]:
    rows = db.execute("SELECT kind, first, data FROM blocks WHERE segment = ?", (segment,))
    return [Block._make(row) for row in rows]
