"""How much of a limit is used, and how much of it is kept for others.

Recorded answers have books of their own: nobody is paid for them. So their rows cost nothing, and what the recording
would have cost stands beside that, in the column `recorded` (NULL where a model was asked). A limit of a rehearsal is
summed over rehearsals, a limit of a real call over real ones; neither takes anything from the other.
"""

from sqlite3 import Connection

from factory.contracts.record import Record

OWN = "(kind <> 'serve')"  # the gateway's rows give a run their cost; the rest of the call the run has written itself
REAL = "recorded IS NULL"  # rows of which somebody may see a bill
BOTH = "1"  # these, and what recorded answers name
LEFT_TO_OTHERS = (
    "SELECT COALESCE(SUM(MAX(0, ? - escalated)), 0) FROM (SELECT run, SUM({money}) AS paid,"
    " SUM(CASE WHEN kind = 'escalation' THEN {money} ELSE 0 END) AS escalated FROM spend WHERE {column} = ?"
    " AND run <> ? AND run <> '' AND kind NOT IN ('serve', 'gpu') AND {books} GROUP BY run)"
    " WHERE paid - escalated >= ? AND run NOT IN (SELECT id FROM runs WHERE status <> 'open')"
)


class Limit(Record):
    """One cap, in micro-dollars or tokens."""

    name: str
    column: str  # of the table `spend` that the limit is summed over
    key: str
    cap: int
    recorded: bool = False  # it is a rehearsal's


def left_to_others(db: Connection, limit: Limit, run: str, reserve: int, least: int) -> int:
    """Micro-dollars of a day or an issue that its other open runs keep; those that paid less than `least` keep none."""
    money, books = ("recorded", "recorded IS NOT NULL") if limit.recorded else ("cost", REAL)
    query = LEFT_TO_OTHERS.format(money=money, column=limit.column, books=books)
    return int(db.execute(query, (reserve, limit.key, run, least)).fetchone()[0])


def money_used(db: Connection, limit: Limit) -> int:
    """Micro-dollars used or reserved. Of a day from its totals, which may stand for a million rows."""
    if limit.recorded:
        query = f"SELECT SUM(recorded) FROM spend WHERE {limit.column} = ? AND run <> ''"  # noqa: S608 (fixed names)
    else:
        table = "day_totals" if limit.column == "day" else "spend"
        query = f"SELECT SUM(cost) FROM {table} WHERE {limit.column} = ?"  # noqa: S608 (fixed names)
    return int(db.execute(query, (limit.key,)).fetchone()[0] or 0)


def tokens_used(db: Connection, run: str) -> int:
    """A run's, without the gateway's rows."""
    query = f"SELECT SUM(tokens) FROM spend WHERE run = ? AND {OWN}"  # noqa: S608 (a constant)
    return int(db.execute(query, (run,)).fetchone()[0] or 0)
