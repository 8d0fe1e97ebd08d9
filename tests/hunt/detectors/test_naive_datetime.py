"""A time without its zone."""

from pathlib import Path

from tests.hunt.trees import found


def test_utc_taken_for_local_time_weighs_most(tmp_path: Path) -> None:
    code = "from datetime import datetime\n\na = datetime.utcnow().timestamp()\nb = datetime.utcnow().isoformat()\n"
    rows = found(tmp_path, "naive-datetime", {"a.py": code}, confidence=0.6)
    assert [(each.start, each.severity) for each in rows] == [(3, "high"), (4, "medium")]
