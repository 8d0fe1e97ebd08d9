"""One small repository and the models' answers to whatever is asked about it: for tests of the whole, in a town."""

import json
from typing import Any

from factory.contracts.books import Row
from factory.simulator.hub import bare
from factory.simulator.runner.record import RunRecord
from tests.simulator.factory_town import Town

NONE = json.dumps({"findings": []})
FILES = {
    "part.py": "def go():\n    return 1\n",
    "other.py": "def stay():\n    return 1\n",
    "tests/__init__.py": "",
    "tests/test_part.py": (
        "import unittest\n\nimport part\n\n\nclass T(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertTrue(part.go())\n"
    ),
    "README.md": "# Parts\n",
}


def edit(old: str, new: str, path: str = "part.py") -> str:
    return f"### edit {path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


ASKED = edit("def go():\n    return 1", "def go(times=1):\n    return times")
OTHER = edit("def stay():\n    return 1", "def stay(times=1):\n    return times", "other.py")


def unit(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "role": "backend", "title": f"Let {path} take times", "instructions": f"Change {path}.",
        "owns": [path], "acceptance": ["A1"], **more,
    }  # fmt: skip


def plan(*units: dict[str, Any], effort: int = 3) -> str:
    return json.dumps({
        "summary": "go takes times.", "effort": effort, "units": units or (unit("u1", "part.py"),),
        "acceptance": [{"id": "A1", "text": "go(2) returns 2"}],
    })  # fmt: skip


def verdict(decision: str = "ACCEPT", shown_by: str = "u1") -> str:
    return json.dumps({
        "decision": decision, "reasons": ["The tests pass."], "must_fix": [],
        "evidence": [{"criterion": "A1", "shown_by": [shown_by]}],
    })  # fmt: skip


def always(role: str, text: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "text": text, "repeat": True, **more}


def mend(text: str, summary: str, **more: Any) -> dict[str, Any]:
    """What the fixer says to a remark: an edit and the end, or with text "" that it changes nothing."""
    return always("demiurge", text, calls=[{"name": "finish", "arguments": {"summary": summary}}], **more)


def content(unit: str = "fix-1-1") -> dict[str, Any]:
    """A judge who accepts a revision that this fix is part of."""
    return always("genesis", verdict(shown_by=unit), match=f" {unit}: ", margin=5.0)


def script(*first: dict[str, Any], planned: str = "", judged: str = "") -> dict[str, Any]:
    """`first` goes before the answers of a run in which everybody is content."""
    return {"label": "town", "replies": [
        *first,
        always("atlas", NONE, template="atlas/review"),
        always("atlas", planned or plan()),
        always("backend", ASKED),
        always("integration", ASKED),
        *(always(role, NONE) for role in ("hydra", "threat", "injection")),
        always("genesis", verdict(shown_by="fix"), match=" fix: ", margin=5.0),
        always("genesis", judged or verdict(), margin=5.0),
    ]}  # fmt: skip


# what is to be seen


def books(here: Town) -> list[Row]:
    """All rows of the branch factory-ledger, in the order of the file."""
    head = here.branches().get("refs/heads/factory-ledger")
    if not head:
        return []
    names = bare.text(here.repo.folder, "ls-tree", "-r", "--name-only", head).split()
    found = [bare.text(here.repo.folder, "show", f"{head}:{name}") for name in names if name.endswith(".jsonl")]
    return [Row.from_json(line) for text in found for line in text.splitlines() if line.strip()]


def said(here: Town, number: int) -> list[str]:
    """What the factory wrote there, oldest first."""
    rows = here.ask("wanda", "GET", f"/issues/{number}/comments?per_page=100")
    return [row["body"] for row in rows if row["user"]["login"] == "github-actions[bot]"]


def ran(runs: list[RunRecord]) -> list[tuple[str, str]]:
    """(file, conclusion) of each run that was not skipped as a whole."""
    return [(run.workflow.rpartition("/")[2], run.conclusion) for run in runs if run.conclusion != "skipped"]


def file_at(here: Town, branch: str, path: str) -> str:
    return bare.text(here.repo.folder, "show", f"refs/heads/{branch}:{path}")
