"""`python damaged_state.py STATE make | room KIB | spent`: a state with a damaged database, and its disk."""

import os
import sqlite3
import sys
from pathlib import Path

from factory.ledger.sound import CHECKED, NAME
from factory.ledger.state import open_state

ROWS, EACH = 5000, 10


def make(folder: Path) -> None:
    """Much money and a little of something else, whose first page is spoiled."""
    db = open_state(folder).db.connection()
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO spend (run, issue, day, role, endpoint, tier, kind, state, cost, tokens)"
        " VALUES ('r', ?, '2026-11-20', '', '', '', 'model', 'settled', ?, 1)",
        [("x" * 900, EACH)] * ROWS,
    )
    db.executemany("INSERT INTO trail (run, at, event, facts) VALUES ('r', '', '', ?)", [("x" * 900,)] * 9)
    db.execute("COMMIT")
    (page,) = db.execute("SELECT pageno FROM dbstat WHERE name = 'trail' AND pagetype = 'leaf'").fetchone()
    db.close()
    with (folder / NAME).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(range(256)) * 16)
    (folder / CHECKED).unlink()


def room(folder: Path, size: int) -> None:
    """So many KiB stay free, beside what an earlier try left."""
    filler = folder.parent / "filler"
    for path in (filler, folder / ".spare", *folder.glob("factory.db.building*")):
        path.unlink(missing_ok=True)
    found = os.statvfs(folder)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - size * 1024)


def spent(folder: Path) -> None:
    (found,) = sqlite3.connect(folder / NAME).execute("SELECT SUM(cost) FROM spend WHERE run = 'r'").fetchone()
    sys.stdout.write(f"spent={found}\n")


if __name__ == "__main__":
    what, place = sys.argv[2], Path(sys.argv[1])
    if what == "room":
        room(place, int(sys.argv[3]))
    else:
        {"make": make, "spent": spent}[what](place)
