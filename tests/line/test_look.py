"""A whole run whose visual tester looks at a page: real processes, sandbox and Chromium, and its replay."""

import json
import shutil
from pathlib import Path

import pytest

from tests.line.targets import factory, git, repository, result
from tests.line.test_ways import ISSUE, REVIEWS, plan, unit, verdict

pytestmark = pytest.mark.browser
PAGE = "<!doctype html><html lang='en'><title>Hello</title><h1>Hello</h1><button></button><script>greet()</script>\n"
TEST = """\
import pathlib
import unittest


class T(unittest.TestCase):
    def test_the_page_greets(self):
        self.assertIn("<h1>Hello</h1>", pathlib.Path("web/index.html").read_text())
"""
WRITE = f"### write tests/test_page.py\n<<<<<<< CONTENT\n{TEST}>>>>>>> END\n"
LOOK = '<tool name="screenshot">{"page": "web/index.html", "width": 375}</tool>'
DONE = '<tool name="finish">{"summary": "The button has no name."}</tool>'


def test_a_run_with_a_picture_and_its_replay_without_one(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"web/index.html": PAGE, "tests/__init__.py": ""})
    steps = [{"role": "visual", "text": text} for text in (LOOK, WRITE, DONE)]
    replies = [plan(unit("look", "visual", "tests/test_page.py")), *steps, verdict("ACCEPT"), *REVIEWS]
    (tmp_path / "box.json").write_text(json.dumps({"label": "test", "replies": replies}))
    (tmp_path / "factory.toml").write_text(
        '[endpoints.box]\nwire = "scripted"\nscript = "box.json"\nmodel = "recorded"\nvision = true\ntools = false\n'
        "[checks]\nlint = false\n"
    )
    (tmp_path / "7.md").write_text(ISSUE)
    state = tmp_path / "state"
    done = factory(state, "run", "--repo", repo, "--issue", tmp_path / "7.md", "--config", tmp_path / "factory.toml",
                   "--json")  # fmt: skip
    walked = result(done)
    assert walked["branch"], done.stderr
    assert git(repo, "diff", "--name-only", f"main..{walked['branch']}") == "tests/test_page.py"

    (folder,) = state.glob("**/pictures")
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    assert kept.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    sent = json.loads(factory(state, "ledger", "egress", walked["run"], "--by", "file", "--json").stdout)
    (row,) = [row for row in sent["lines"] if row["path"] == "picture of web/index.html"]
    assert (row["bytes"], row["tier"]) == (row["times"] * kept.stat().st_size, "local")

    shutil.rmtree(folder)
    again = factory(state, "replay", walked["run"], "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["tree"] == walked["tree"]
    assert not folder.exists(), "nothing was looked at again"
