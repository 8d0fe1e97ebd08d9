"""BUD-09: all checks of one run together have a limit, not only each by itself."""

import json
from pathlib import Path

from tests.line.targets import factory
from tests.line.test_ways import EDIT, plan, small, unit, verdict, walk


def test_bud_09_a_run_s_checks_end_when_their_minutes_are_used(tmp_path: Path) -> None:
    """The first proof uses the time up; what would be tested next stops the run, and a raised limit resumes it."""
    must = {"findings": [{"rule": "r", "path": "hello.py", "line": 1, "quote": 'def greet(name="you"):',
                          "severity": "high", "confidence": 0.9, "message": "wrong"}]}  # fmt: skip
    fix = (
        '### edit hello.py\n<<<<<<< SEARCH\ndef greet(name="you"):\n=======\ndef greet(name="all"):\n>>>>>>> REPLACE\n'
    )
    done = walk(
        tmp_path, small(tmp_path / "r"), plan(unit("code", "backend", "hello.py")), {"role": "backend", "text": EDIT},
        {"role": "hydra", "template": "hydra/correctness", "text": json.dumps(must)},
        {"role": "demiurge", "text": fix},
        {"role": "demiurge", "calls": [{"name": "finish", "arguments": {"summary": "done"}}]}, verdict("REVISE"),
        line="[budget]\nrun_sandbox_minutes = 0.0001", code=4,
    )  # fmt: skip
    assert done["stopped"]["reason"] == "budget"
    assert "run_sandbox_minutes" in done["stopped"]["message"]
    assert done["branch"], "the verified work is kept as a draft"
    config = tmp_path / "c" / "factory.toml"
    config.write_text(config.read_text().replace("0.0001", "10"))
    again = factory(tmp_path / "state", "resume", "last", "--json")
    assert json.loads(again.stdout)["decision"] == "go_on", "the round that was cut short is finished"
    assert (json.loads(again.stdout)["stopped"] or {}).get("reason") != "budget"
