"""What left the machine, to the byte."""

from pathlib import Path

from factory.contracts.model import Piece
from factory.db import Database
from factory.ledger.egress import Egress, SentFile
from factory.ledger.migrations import MIGRATIONS
from tests.ledger.test_spend import SetClock


def piece(path: str, size: int) -> Piece:
    return Piece(path=path, start=1, end=9, bytes=size, sha256="0" * 64)


def test_files_and_bytes_by_endpoint(tmp_path: Path) -> None:
    one = Egress(Database(tmp_path / "factory.db", MIGRATIONS), SetClock())
    one.sending("run-1", "box", "local", [piece("a.py", 100), piece("b.py", 10)], piece("", 7))
    one.sending("run-1", "box", "local", [piece("a.py", 100)], piece("", 7))
    one.sending("run-1", "cloud", "frontier", [], piece("", 1000))
    one.sending("run-2", "box", "local", [piece("c.py", 5)], piece("", 1))
    cloud, box = one.by_endpoint("run-1")
    assert (cloud.endpoint, cloud.tier, cloud.files, cloud.bytes, cloud.paths) == ("cloud", "frontier", 0, 1000, ())
    assert (box.endpoint, box.files, box.bytes, box.paths) == ("box", 2, 224, ("a.py", "b.py"))
    assert SentFile(endpoint="box", tier="local", path="a.py", times=2, bytes=200) in one.files("run-1")


def test_what_was_never_sent_is_taken_back(tmp_path: Path) -> None:
    one = Egress(Database(tmp_path / "factory.db", MIGRATIONS), SetClock())
    rows = one.sending("run-1", "box", "local", [piece("a.py", 100)], piece("", 7))
    one.sending("run-1", "box", "local", [], piece("", 3))
    one.not_sent(rows)
    assert [sent.bytes for sent in one.by_endpoint("run-1")] == [3]
