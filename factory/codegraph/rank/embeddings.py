"""Closeness in meaning, from whatever gives vectors for texts; vectors are kept by the text that they are of."""

import hashlib
import math
import sqlite3
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from factory.codegraph.facts import Facts
from factory.codegraph.view import View

Embed: TypeAlias = Callable[[Sequence[str]], Sequence[Sequence[float]]]
CLOSE_LOOK, MOST_TEXT, MOST_ISSUE, BATCH = 40, 4000, 8000, 32  # files, characters of one and of the issue, texts
UNUSABLE = (ValueError, OSError, sqlite3.Error)  # vectors of several lengths, no room to keep them: rank without


def meaning(view: View, issue: str, pool: Sequence[str], embed: Embed) -> dict[str, float]:
    """How close the likeliest files are to the issue, 0 to 1. What `embed` raises is its caller's."""
    paths = [path for path in pool if view.docs[path].language][:CLOSE_LOOK]
    vectors = embed([issue[:MOST_ISSUE], *(described(path, view.facts(path)) for path in paths)])
    return {path: max(0.0, _cosine(vectors[0], vector)) for path, vector in zip(paths, vectors[1:], strict=True)}


def described(path: str, facts: Facts) -> str:
    """A file in a few words: its path, what it defines, what is said of that."""
    lines = (f"{symbol.signature} {symbol.doc}".strip() for symbol in facts.symbols)
    return "\n".join((path, *lines))[:MOST_TEXT]


def kept(embed: Embed, file: Path, model: str) -> Embed:
    """`embed` of the model that `model` names, with its vectors kept in `file`: no text is asked for twice."""

    def look_up(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        keys = [hashlib.sha256(f"{model}\0{text}".encode()).digest() for text in texts]
        file.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(file, timeout=60)
        try:
            db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
            known = {key: row[0] for key in keys if (row := _row(db, key))}
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            for start in range(0, len(missing), BATCH):
                part = list(missing.items())[start : start + BATCH]
                for (key, _), vector in zip(part, embed([text for _, text in part]), strict=True):
                    known[key] = array("f", vector).tobytes()
                with db:
                    db.executemany(
                        "INSERT OR IGNORE INTO vectors VALUES (?, ?)", [(key, known[key]) for key, _ in part]
                    )
        finally:
            db.close()
        return [_unpacked(known[key]) for key in keys]

    return look_up


def _row(db: sqlite3.Connection, key: bytes) -> tuple[bytes] | None:
    found: tuple[bytes] | None = db.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
    return found


def _unpacked(data: bytes) -> Sequence[float]:
    vector: array[float] = array("f")
    vector.frombytes(data)
    return vector


def _cosine(one: Sequence[float], two: Sequence[float]) -> float:
    size = math.sqrt(sum(value * value for value in one) * sum(value * value for value in two))
    return sum(a * b for a, b in zip(one, two, strict=True)) / size if size else 0.0
