"""The memory's own database: lines as they came, the lessons drawn from them, and what was refused.

Lines are only added and, beyond the caps, deleted; lessons are drawn anew from them whenever they change, so what is
recalled depends on the set of lines alone and not on the order in which they came.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.memory import Decision, Lesson, Line, Observation
from factory.contracts.memory_settings import MemorySettings
from factory.db import Database
from factory.memory.draw import drawn
from factory.memory.lines import Bad, epoch, fact, iso, loaded, problem, read, written

HERE, SHARED = "here", "shared"
MOST_PROSE, MOST_DECISIONS, MOST_BAD = 500, 5_000, 1_000  # of one repository
_LIMITS = {"suggestion": MOST_PROSE, "decision": MOST_DECISIONS}


@dataclass(frozen=True)
class Taken:
    """What an import brought."""

    fresh: int  # lines that were not known
    known: int
    bad: tuple[Bad, ...] = ()

    @property
    def sentence(self) -> str:
        refused = f", {len(self.bad)} refused and put aside" if self.bad else ""
        return f"{self.fresh} new lines of other machines, {self.known} known before{refused}"


class MemoryStore:
    """All repositories' memories on this machine. `now()`: seconds of the epoch. Safe for threads and processes."""

    def __init__(self, db: Database, settings: MemorySettings, now: Callable[[], float]) -> None:
        self.db, self.settings, self.now = db, settings, now

    def add(self, repo: str, lines: Iterable[Line], origin: str = HERE) -> int:
        """Keep lines; how many were new. A line that could not be read back is left out."""
        good = [line for line in lines if not problem(line, self.now())]
        with self.db.transaction() as db:
            return self._add(db, repo, good, origin)

    def observe(self, repo: str, run: str, lines: Sequence[Line]) -> int:
        """What a run's record says now, in the place of what this machine saw of it before."""
        good = [line for line in lines if not problem(line, self.now())]
        with self.db.transaction() as db:
            db.execute(
                "DELETE FROM lines WHERE repo = ? AND run = ? AND origin = ? AND kind NOT IN ('outcome', 'decision')",
                (repo, run, HERE),
            )
            return self._add(db, repo, good, HERE)

    def note(self, repo: str, lines: Iterable[Line]) -> int:
        """Keep what says something new: the same fact at another time is none."""
        known = {fact(line) for line in self.lines(repo)}
        return self.add(repo, [line for line in lines if fact(line) not in known])

    def take(self, repo: str, raw: bytes) -> Taken:
        """Lines of another machine: what is not a line is put aside with the reason, and never recalled."""
        found = list(read(raw, self.now()))
        bad = tuple(each for each in found if isinstance(each, Bad))
        lines = [each for each in found if not isinstance(each, Bad)]
        with self.db.transaction() as db:
            fresh = self._add(db, repo, lines, SHARED)
            for each in bad:
                db.execute(
                    "INSERT OR IGNORE INTO quarantine (repo, text, why, at) VALUES (?, ?, ?, ?)",
                    (repo, each.text, each.why, self.now()),
                )
            db.execute(
                "DELETE FROM quarantine WHERE rowid IN"
                " (SELECT rowid FROM quarantine WHERE repo = ? ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
                (repo, MOST_BAD),
            )
        return Taken(fresh, len(lines) - fresh, bad)

    def lines(self, repo: str, *, shareable: bool = False) -> tuple[Line, ...]:
        """Oldest first; `shareable`: without what came from other machines."""
        query = "SELECT text FROM lines WHERE repo = ? AND origin IN (?, ?) ORDER BY at, id"
        rows = self.db.connection().execute(query, (repo, HERE, HERE if shareable else SHARED))
        return tuple(loaded(row["text"]) for row in rows)

    def lessons(self, repo: str) -> tuple[Lesson, ...]:
        """As drawn from the lines, in the order of their ids; what has expired by now is left out."""
        rows = self.db.connection().execute("SELECT text FROM lessons WHERE repo = ? ORDER BY id", (repo,)).fetchall()
        found = [Lesson.from_json(row["text"]) for row in rows]
        return tuple(each for each in found if (epoch(each.expires) or 0.0) > self.now())

    def repositories(self) -> tuple[str, ...]:
        rows = self.db.connection().execute("SELECT DISTINCT repo FROM lines ORDER BY repo")
        return tuple(row["repo"] for row in rows)

    def quarantined(self, repo: str) -> tuple[tuple[str, str], ...]:
        """(text, why) of what was refused, newest first."""
        query = "SELECT text, why FROM quarantine WHERE repo = ? ORDER BY rowid DESC"
        return tuple((row["text"], row["why"]) for row in self.db.connection().execute(query, (repo,)))

    def redraw(self, repo: str) -> None:
        """Lessons anew, after settings changed."""
        with self.db.transaction() as db:
            self._draw(db, repo)

    def _add(self, db: sqlite3.Connection, repo: str, lines: Sequence[Line], origin: str) -> int:
        fresh = 0
        for line in lines:
            known = db.execute("SELECT origin FROM lines WHERE repo = ? AND id = ?", (repo, line.id)).fetchone()
            fresh += known is None
            if known is None or origin == HERE:
                db.execute(
                    "INSERT OR REPLACE INTO lines (repo, id, kind, run, at, origin, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (repo, line.id, kind_of(line), run_of(line), line.at, origin, written(line)),
                )
        for each in {repo, *self._trim(db, repo)}:
            self._draw(db, each)
        return fresh

    def _trim(self, db: sqlite3.Connection, repo: str) -> set[str]:
        """Delete what is too old or too much, the oldest first and other machines' before our own; the repositories
        that lost something."""
        oldest = iso(self.now() - self.settings.keep_days * 86_400)
        touched = {row["repo"] for row in db.execute("SELECT DISTINCT repo FROM lines WHERE at < ?", (oldest,))}
        db.execute("DELETE FROM lines WHERE at < ?", (oldest,))
        order = "ORDER BY origin, at DESC, id DESC LIMIT -1 OFFSET ?"
        for kind, most in (*_LIMITS.items(), ("", self.settings.observations)):
            which = "kind = ?2" if kind else "kind NOT IN ('suggestion', 'decision') AND ?2 = ''"
            db.execute(f"DELETE FROM lines WHERE rowid IN (SELECT rowid FROM lines WHERE repo = ?1 AND {which} "  # noqa: S608
                       f"{order.replace('?', '?3')})", (repo, kind, most))  # fmt: skip
        seen = "kind NOT IN ('suggestion', 'decision')"
        extra = db.execute(f"SELECT rowid, repo FROM lines WHERE {seen} {order}", (self.settings.in_all,)).fetchall()  # noqa: S608
        db.executemany("DELETE FROM lines WHERE rowid = ?", [(row["rowid"],) for row in extra])
        return touched | {row["repo"] for row in extra}

    def _draw(self, db: sqlite3.Connection, repo: str) -> None:
        rows = db.execute("SELECT text, origin FROM lines WHERE repo = ?", (repo,)).fetchall()
        lessons = drawn(repo, [(loaded(row["text"]), row["origin"] == HERE) for row in rows], self.settings)
        db.execute("DELETE FROM lessons WHERE repo = ?", (repo,))
        db.executemany("INSERT INTO lessons (repo, id, text) VALUES (?, ?, ?)",
                       [(repo, each.id, each.to_json()) for each in lessons])  # fmt: skip


def kind_of(line: Line) -> str:
    return line.kind if isinstance(line, Observation) else line.line


def run_of(line: Line) -> str:
    return line.target if isinstance(line, Decision) else line.run


def open_memory(folder: Path, settings: MemorySettings, now: Callable[[], float]) -> MemoryStore:
    """The memory in a state folder. Raises Stopped('state_unusable' | 'disk_full')."""
    return MemoryStore(Database(folder / "memory.db", (_first,)), settings, now)


def _first(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE lines (repo TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, run TEXT NOT NULL,"
               " at TEXT NOT NULL, origin TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (repo, id))")  # fmt: skip
    db.execute("CREATE INDEX lines_by_time ON lines (at)")
    db.execute(
        "CREATE TABLE lessons (repo TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (repo, id))"
    )
    db.execute("CREATE TABLE quarantine (repo TEXT NOT NULL, text TEXT NOT NULL, why TEXT NOT NULL, at REAL NOT NULL,"
               " UNIQUE (repo, text, why))")  # fmt: skip
