"""What left, added up; and the sums that triggers keep are those of the rows, whatever is written and taken back."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from factory.contracts.model import Piece
from factory.db import Database
from factory.ledger.egress import Egress
from factory.ledger.egress_limits import covered
from factory.ledger.egress_sums import sums
from factory.ledger.migrations import MIGRATIONS
from factory.ledger.travel import EgressRow, rows_in, rows_out
from tests.ledger.test_spend import SetClock

SIZES = {"a.py": 100, "b.py": 300}


def piece(path: str, size: int, mark: str = "0", start: int = 1) -> Piece:
    return Piece(path=path, start=start, end=start + 8, bytes=size, sha256=mark * 64)


def ledger(folder: Path) -> Egress:
    return Egress(Database(folder / "factory.db", MIGRATIONS), SetClock())


def filled(folder: Path) -> Egress:
    one = ledger(folder)
    for _ in range(2):
        one.sending("run-1", "cloud", "frontier", [piece("a.py", 60), piece("b.py", 30)], piece("", 7))
    one.sending("run-1", "cloud", "frontier", [piece("a.py", 60, "1", 20)], piece("", 7))
    one.sending("run-1", "box", "local", [piece("b.py", 300, "2")], piece("", 7))
    one.sending("run-2", "gpu", "rented", [piece("c.py", 10)], piece("", 1))
    return one


def test_by_file_endpoint_run_and_piece(tmp_path: Path) -> None:
    db = filled(tmp_path)._db
    found = sums(db, "endpoint", SIZES, run="run-1")
    assert [(line.endpoint, line.times, line.bytes, line.distinct) for line in found.lines] == [
        ("box", 2, 307, 300), ("cloud", 8, 261, 130),
    ]  # fmt: skip
    cloud = found.lines[1]
    assert cloud.share == 130 / 400  # of a.py no more than all of it, though two pieces have 120 bytes
    assert (found.repository, found.cloud.bytes, found.cloud.distinct) == (400, 261, 130)
    files = {(line.path, line.endpoint): line.bytes for line in sums(db, "file", SIZES, run="run-1").lines}
    assert files[("a.py", "cloud")] == 180
    pieces = sums(db, "piece", {}, run="run-1").lines
    assert {(line.path, line.start, line.stop, line.times) for line in pieces} >= {
        ("a.py", 1, 9, 2),
        ("a.py", 20, 28, 1),
    }
    runs = sums(db, "run", {}).lines
    assert {(line.run, line.tier, line.share) for line in runs} == {
        ("run-1", "frontier", None), ("run-1", "local", None), ("run-2", "rented", None),
    }  # fmt: skip
    assert sums(db, "run", {}, day="2026-01-01").lines == ()


def kept(db: Database) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The sums as the triggers keep them."""
    days = db.connection().execute("SELECT day, tier, run, bytes FROM egress_sums WHERE bytes <> 0 ORDER BY 1, 2, 3")
    pieces = db.connection().execute(
        "SELECT run, tier, path, sha256, bytes, day, times FROM egress_pieces ORDER BY 1,2,3,4,5"
    )
    return [tuple(row) for row in days], [tuple(row) for row in pieces]


def counted(db: Database) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The same from the rows."""
    days = db.connection().execute(
        "SELECT substr(at, 1, 10), tier, run, SUM(bytes) AS b FROM egress WHERE tier <> 'local'"
        " GROUP BY 1, 2, 3 HAVING b <> 0 ORDER BY 1, 2, 3"
    )
    pieces = db.connection().execute(
        "SELECT run, tier, path, sha256, bytes, substr(at, 1, 10), COUNT(*) FROM egress"
        " WHERE tier <> 'local' AND path <> '' GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5"
    )
    return [tuple(row) for row in days], [tuple(row) for row in pieces]


sendings = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2"]),
        st.sampled_from(["local", "rented", "frontier"]),
        st.lists(st.tuples(st.sampled_from(["a.py", "b.py"]), st.integers(0, 9), st.sampled_from("01")), max_size=4),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=30, deadline=None)
@given(sendings)
def test_the_sums_are_those_of_the_rows(
    tmp_path_factory: object, made: list[tuple[str, str, list[tuple[str, int, str]], bool]]
) -> None:
    folder = tmp_path_factory.mktemp("ledger")  # type: ignore[attr-defined]
    one = ledger(folder)
    for run, tier, pieces, back in made:
        rows = one.sending(run, "e", tier, [piece(*each) for each in pieces], piece("", 5))  # type: ignore[arg-type]
        if back:
            one.not_sent(rows)
    assert kept(one._db) == counted(one._db)


def test_an_older_file_is_summed_and_what_comes_from_another_machine_counts_once(tmp_path: Path) -> None:
    old = Database(tmp_path / "factory.db", MIGRATIONS[:3])
    with old.transaction() as db:
        for n in range(6):
            db.execute(
                "INSERT INTO egress (run, at, endpoint, tier, path, start, stop, bytes, sha256)"
                " VALUES ('r', '2026-11-19T10:00:00Z', 'cloud', ?, ?, 1, 2, 10, 'x')",
                (("local", "frontier")[n % 2], ("a.py", "")[n // 3]),
            )
    one = ledger(tmp_path)
    assert kept(one._db) == counted(one._db)
    (tmp_path / "other").mkdir()
    other = filled(tmp_path / "other")
    for _ in range(2):
        rows_in(one._db, "run-1", "", rows_out(other._db, "run-1", EgressRow))
    assert kept(one._db) == counted(one._db)
    assert sums(one._db, "run", SIZES, run="run-1").cloud.bytes == 261


def test_a_file_counts_at_most_as_it_is_and_an_unknown_one_in_full() -> None:
    assert covered([("a.py", "1", 80), ("a.py", "2", 80), ("new.py", "3", 50)], SIZES) == 150
