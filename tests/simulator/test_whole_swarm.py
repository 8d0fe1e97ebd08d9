"""A label starts the factory: the real workflow files, real jobs, real git, models over HTTP, to the pull request."""

import json
from pathlib import Path
from typing import Any

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from tests.simulator.factory_town import KEY, Town, town

NONE = json.dumps({"findings": []})
TEST = (
    "import unittest\n\nimport part{n}\n\n\nclass T(unittest.TestCase):\n"
    "    def test_it(self):\n        self.assertTrue(part{n}.go())\n"
)


def files(parts: int) -> dict[str, str]:
    code = {f"part{n}.py": "def go():\n    return 1\n" for n in range(1, parts + 1)}
    tests = {f"tests/test_part{n}.py": TEST.format(n=n) for n in range(1, parts + 1)}
    return {**code, **tests, "tests/__init__.py": "", "README.md": "# Parts\n"}


def edit(n: int) -> str:
    return (
        f"### edit part{n}.py\n<<<<<<< SEARCH\ndef go():\n    return 1\n=======\n"
        f"def go(times=1):\n    return times\n>>>>>>> REPLACE\n"
    )


def script(parts: int, broken: int = 0) -> dict[str, Any]:
    """Units 1 to 5 in wave 1, the others in wave 2; unit `broken` never gives an edit that applies."""
    units = [
        {
            "id": f"u{n}", "role": "backend", "title": f"Let part{n} take times", "instructions": f"Change part{n}.py.",
            "owns": [f"part{n}.py"], "after": [] if n <= 5 else ["u1"], "acceptance": ["A1"],
        }
        for n in range(1, parts + 1)
    ]  # fmt: skip
    plan = {"summary": "Every part takes times.", "effort": 6, "units": units,
            "acceptance": [{"id": "A1", "text": "go(2) returns 2"}]}  # fmt: skip
    writers = [
        {"role": "backend", "match": f"Let part{n} take times\n\nChange", "repeat": True,
         "text": "### edit nothing.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n" if n == broken else edit(n)}
        for n in range(1, parts + 1)
    ]  # fmt: skip
    verdict = {"decision": "ACCEPT", "reasons": ["The tests pass."], "must_fix": [],
               "evidence": [{"criterion": "A1", "shown_by": ["u1"]}]}  # fmt: skip
    return {"label": "town", "replies": [
        {"role": "atlas", "text": json.dumps(plan)},
        *writers,
        *({"role": role, "text": NONE, "repeat": True} for role in ("hydra", "threat", "injection")),
        {"role": "genesis", "text": json.dumps(verdict), "margin": 5.0, "repeat": True},
    ]}  # fmt: skip


def remembered(here: Town) -> list[dict[str, Any]]:
    """The observations on the branch factory-memory."""
    head = here.branches()["refs/heads/factory-memory"]
    names = bare.text(here.repo.folder, "ls-tree", "--name-only", head).split()
    lines = "".join(bare.text(here.repo.folder, "show", f"{head}:{name}") for name in names).splitlines()
    return [line for line in map(json.loads, lines) if line["line"] == "observation"]


def test_a_swarm_of_eight_with_one_failing_unit_then_the_box_then_a_ready_pull_request(
    tmp_path: Path, evaluator: Expressions
) -> None:
    """ACT-10 aside, the main way: two waves, one unit that fails, a draft that says so, the box's refine, ready."""
    with town(tmp_path, evaluator, files(8), script(8, broken=3)) as here:
        number = here.issue("Let every part take times", "go(2) should return 2 in each part.")
        here.label(number, "agent:swarm")
        runs = here.settle()
        assert [(run.workflow.rpartition("/")[2], run.conclusion) for run in runs if run.conclusion != "skipped"] == [
            ("factory-swarm.yml", "failure"), ("factory-local.yml", "success"),
        ], here.trouble()  # fmt: skip
        pulls = here.pulls()
        assert len(pulls) == 1
        assert not pulls[0]["draft"], here.trouble()
        assert "u3" in pulls[0]["body"]
        assert here.hub.violations == []
        calls = here.hub.calls()
        assert calls < 150, calls
        taught = remembered(here)
        assert {(line["kind"], line.get("word")) for line in taught} >= {("run", "accepted"), ("unit", "failed")}
        assert [line["paths"] for line in taught if line.get("word") == "failed"] == [["part3.py"]]
        logs = "".join(path.read_text(errors="replace") for path in (tmp_path / "runner").rglob("*.txt"))
        assert "Allowed" in logs
    assert KEY not in logs
