"""Athena's rules in the line: a planted weakness is measured, must be fixed, and is measured again."""

from pathlib import Path

from tests.hostile.model import Hostile, played
from tests.line.targets import git
from tests.line.test_ways import unit

ISSUE = "# Ping a host\n\nA route /ping that pings the host it is given.\n"
BASE = "from flask import Flask, request\n\napp = Flask(__name__)\n"
BAD = """### write web.py
<<<<<<< CONTENT
import subprocess

from flask import Flask, request

app = Flask(__name__)


@app.get("/ping")
def ping():
    host = request.args["host"]
    return subprocess.run(f"ping -c 1 {host}", shell=True, capture_output=True).stdout
>>>>>>> END
"""
FIX = """### edit web.py
<<<<<<< SEARCH
    return subprocess.run(f"ping -c 1 {host}", shell=True, capture_output=True).stdout
=======
    return subprocess.run(["ping", "-c", "1", "--", host], capture_output=True).stdout
>>>>>>> REPLACE
"""


class Mending(Hostile):
    """Plants it first, and mends it when it is told."""

    def reply(self, said: str, turn: int, body: dict[str, object]) -> dict[str, object]:
        if "You are Demiurge" in said.rpartition("## Your order")[2]:
            return self.coder[1] if turn else self.coder[2]
        return super().reply(said, turn, body)


def test_a_planted_weakness_is_fixed_and_measured_again(tmp_path: Path) -> None:
    done = {"calls": [{"name": "finish", "arguments": {"summary": "done"}, "id": "end"}]}
    files: dict[str, str | bytes] = {
        "web.py": BASE, "hello.py": "A = 1\n", "tests/__init__.py": "",
        "tests/test_hello.py": "import unittest\n\nimport hello\n\n\nclass T(unittest.TestCase):\n"
        "    def test_a(self):\n        self.assertEqual(hello.A, 1)\n",
    }  # fmt: skip
    model = Mending([{"text": BAD}, done, {"text": FIX}], (unit("code", "backend", "web.py"),))
    run = played(tmp_path, model, ISSUE, files, rounds=3).record
    first = run["rounds"][0]
    found = [item for item in first["findings"] if item["source"] == "athena.rules"]
    assert [(item["rule"], item["category"], item["severity"]) for item in found] == [
        ("command-injection", "CWE-78", "critical")
    ]
    assert found[0]["fate"].startswith("fixed"), found
    assert [item for item in run["evidence"]["findings"] if item["source"] == "athena.rules"] == []


def test_auditors_get_the_elements_and_all_share_one_beginning(tmp_path: Path) -> None:
    model = Hostile([{"text": BAD}, {"calls": [{"name": "finish", "arguments": {"summary": "x"}, "id": "e"}]}],
                    (unit("code", "backend", "web.py"),))  # fmt: skip
    run = played(tmp_path, model, ISSUE)
    asked = [body["messages"][1]["content"] for body in run.asked if len(body["messages"]) == 2]
    auditors = [text for text in asked if "auditor of a software team" in text]
    others = [text for text in asked if "You are Hydra" in text]
    assert auditors
    assert others
    for text in auditors:
        assert "E1 entry: route GET /ping" in text
        assert "NOT CHECKED" in text
    for text in others:
        assert "E1 entry" not in text
    seen = auditors[0].partition("## Your order")[0]
    assert all(text.startswith(seen) for text in (*auditors, *others)), "one beginning for all reviewers of a round"
    assert git(run.repo, "rev-parse", "main")
