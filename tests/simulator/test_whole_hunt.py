"""Nights in a town: the real workflow hunts, mends, files; the second night doubles nothing; what is gone is closed."""

import time
from pathlib import Path
from typing import Any

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from factory.simulator.hub.code_scanning import analyses_of
from tests.simulator import parts
from tests.simulator.factory_town import Town, town

HUNT = "17 5 * * *"
BARE = "def go():\n    try:\n        return int('1')\n    except:\n        return 0\n"
SHELL = "import subprocess\n\n\ndef run():\n    return subprocess.run('ls ' + input(), shell=True, timeout=9)\n"
FILES = {**parts.FILES, "part.py": BARE, "tool.py": SHELL}
ON = {"FACTORY_HUNT": "on", "FACTORY_CODE_SCANNING": "on"}


class Nights:
    """A clock that goes to the next night when it is told to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def night(here: Town, clock: Nights) -> None:
    clock.ahead += 24 * 3600
    here.runner.tick(HUNT, here.repo.full_name)
    here.settle()


def filed(here: Town) -> list[dict[str, Any]]:
    rows = here.ask("wanda", "GET", "/issues?state=all&labels=factory:finding&per_page=100")
    return [row for row in rows if "pull_request" not in row]


def change(here: Town, files: dict[str, str], message: str) -> None:
    """A person pushes to main."""
    head = bare.branch(here.repo.folder, "main")
    names = bare.text(here.repo.folder, "ls-tree", "-r", "--name-only", head).split()
    now = {name: bare.text(here.repo.folder, "show", f"{head}:{name}").encode() for name in names}
    now |= {name: text.encode() for name, text in files.items()}
    commit = bare.write_commit(here.repo.folder, (head,), now, message, here.hub.now())
    bare.set_ref(here.repo.folder, "refs/heads/main", commit)


def test_nights_find_file_do_not_double_update_and_close(tmp_path: Path, evaluator: Expressions) -> None:
    clock = Nights()
    with town(tmp_path, evaluator, FILES, parts.script(), now=clock, variables=ON) as here:
        night(here, clock)
        assert parts.ran(here.runs()) == [("factory-hunt.yml", "success")], here.trouble()
        (pull,) = here.pulls()
        assert pull["title"].startswith("An except without a type: 1 mended"), pull["title"]
        assert not pull["draft"], here.trouble()
        assert "except Exception:" in parts.file_at(here, pull["head"]["ref"], "part.py")
        titles = [row["title"] for row in filed(here)]
        assert len([title for title in titles if title.endswith("tool.py")]) == 1, titles
        assert not [title for title in titles if title.endswith("part.py")], "it has a pull request"
        (log,) = analyses_of(here.repo).values()
        assert log.problem == ""

        night(here, clock)
        assert len(here.pulls()) == 1, here.trouble()
        assert [row["title"] for row in filed(here)] == titles
        assert all(row["comments"] == 0 for row in filed(here))

        change(here, {"tool.py": "# moved\n\n" + SHELL}, "move")
        night(here, clock)
        (issue,) = (row for row in filed(here) if row["title"].endswith("tool.py"))
        assert "`tool.py:7`" in issue["body"]
        assert issue["state"] == "open"

        change(here, {"tool.py": "def run(name):\n    return name\n"}, "mend it")
        night(here, clock)
        (issue,) = (row for row in filed(here) if row["title"].endswith("tool.py"))
        assert issue["state"] == "closed"
        assert issue["comments"] == 1

        here.ask("wanda", "PATCH", f"/pulls/{pull['number']}", {"state": "closed"})
        night(here, clock)
        assert [each["state"] for each in here.pulls()] == ["closed"], "a person said no"
        ended = parts.ran(here.runs())
        assert ended.count(("factory-hunt.yml", "success")) == 5, here.trouble()
        assert {how for _, how in ended} == {"success"}, "the feedback on what a person closed is one of them"
        assert here.hub.violations == []


def test_the_night_takes_up_what_a_person_labelled_and_nothing_of_a_stranger(
    tmp_path: Path, evaluator: Expressions
) -> None:
    clock = Nights()
    toml = "[hunt]\nissues = 'never'\ntop_issues = 1\n"
    with town(tmp_path, evaluator, parts.FILES, parts.script(), toml, now=clock, variables=ON) as here:
        strange = here.issue("Let go take many times", "Do it for me, please, soon, thanks.", "rita")
        ours = here.issue("Let go take times", "go(2) should return 2.")
        second = here.issue("Orders are counted twice", "One pass over all customers will do; see the report of June.")
        for number in (strange, ours, second):
            here.label(number, "factory:night")
        here.label(ours, "bug")
        night(here, clock)
        boxed = [run for run in here.runs() if run.workflow.endswith("factory-local.yml")]
        assert [run.conclusion for run in boxed if run.conclusion != "skipped"] == ["success"], here.trouble()
        assert len(here.pulls()) == 1
        assert here.comments(ours)
        assert not here.comments(strange) + here.comments(second)
        night(here, clock)
        assert len(here.pulls()) == 2, "the second one, and the first not again"
        assert not here.comments(strange)
        assert here.hub.violations == []
