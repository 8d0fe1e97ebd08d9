"""What the gate leaves beside the issue is in the pack of a job without a token."""

import json
import time
from pathlib import Path

from factory.contracts.memory import SHARED_FILE
from factory.memory.lines import iso, signed, written
from tests.line.targets import factory
from tests.line.test_ways import ISSUE, small
from tests.memory.facts import found, run_of


def test_lessons_of_other_machines_come_with_the_issue(tmp_path: Path) -> None:
    """Two stages on one machine, as in a hosted job; a line that is none is put aside and nothing fails."""
    repo, gate = small(tmp_path / "r"), tmp_path / "gate"
    gate.mkdir()
    (gate / "issue.md").write_text(ISSUE)
    lines = [run_of("far", "hello.py"), found("far", "hello.py")]
    text = "".join(written(signed(line.but(at=iso(time.time())))) for line in lines)
    (gate / SHARED_FILE).write_text(text + "not a line\n")
    state, run = tmp_path / "state", tmp_path / "bundle" / "run.json"
    first = factory(state, "stage", "intake", "--run", run, "--repo", repo, "--issue", gate / "issue.md")
    assert first.returncode == 0, first.stderr
    assert "2 new lines of other machines, 0 known before, 1 refused and put aside" in first.stderr
    second = factory(state, "stage", "gather", "--run", run, "--repo", repo)
    assert second.returncode == 0, second.stderr
    record = json.loads(run.read_text())
    assert len(record["pack"]["lessons"]) == 1
    key = record["pack"]["blob"]
    pack = json.loads((state / "runs" / record["id"] / "blobs" / key[:2] / key[2:]).read_text())
    (lesson,) = pack["lessons"]
    assert (lesson["source"], lesson["why"].split(";")[0]) == ("run far", "about hello.py")
