"""`factory doctor` as a newcomer meets it: no settings, no model."""

import json
from pathlib import Path

from tests.line.targets import factory


def test_without_a_model_doctor_says_how_to_get_one_and_what_needs_none(tmp_path: Path) -> None:
    done = factory(tmp_path / "state", "doctor", "--json")
    row = next(row for row in json.loads(done.stdout) if row["part"] == "endpoints")
    assert row["state"] == "weaker", "the demo, tidy and the hunt work without"
    assert "[endpoints.NAME]" in row["detail"]
    assert "`factory hunt`" in row["detail"]
