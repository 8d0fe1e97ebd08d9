"""factory ledger egress: the numbers, the words, and what is said to a wrong question."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from factory.app import new_run, open_state
from factory.cli.main import build
from factory.contracts.model import Piece
from factory.contracts.task import Event
from factory.git import run_git
from factory.ledger.egress import Egress
from factory.settings import Settings

TEXT = "x = 1\n" * 100


@pytest.fixture
def state(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    repo.mkdir()
    run_git(repo, "init", "--quiet")
    (repo / "a.py").write_text(TEXT)
    (repo / "b.py").write_text(TEXT * 3)
    run_git(repo, "add", ".")
    run_git(repo, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "one")
    made = open_state(tmp_path / "state")
    run = new_run(made, repo, "", Event(kind="issue", source="command line", text="x"), Settings())
    egress = Egress(made.db, made.clock)
    part = Piece(path="a.py", start=1, end=50, bytes=300, sha256="ab" * 32)
    for _ in range(3):
        egress.sending(run.id, "cloud", "frontier", [part], Piece(path="", start=0, end=0, bytes=90, sha256="0" * 64))
    return made.folder


def said(state: Path, *words: str) -> str:
    done = CliRunner().invoke(build(), ["ledger", "egress", *words], env={"FACTORY_STATE": str(state)})
    return done.output if done.exception is None or isinstance(done.exception, SystemExit) else str(done.exception)


def test_the_last_run_by_file_and_its_share_of_the_repository(state: Path) -> None:
    text = said(state)
    assert "a.py" in text
    assert "(prompts)" in text
    assert "they saw 12.5% of the repository (300 of 2,400 bytes)" in text.replace("\n", " ")


def test_json_says_every_number(state: Path) -> None:
    found = json.loads(said(state, "--by", "endpoint", "--json"))
    (line,) = found["lines"]
    assert (line["endpoint"], line["times"], line["bytes"], line["distinct"], line["share"]) == (
        "cloud",
        6,
        1170,
        300,
        0.125,
    )
    assert found["repository"] == 2400
    (piece,) = [each for each in json.loads(said(state, "--by", "piece", "--json"))["lines"] if each["path"]]
    assert (piece["path"], piece["start"], piece["stop"], piece["sha256"]) == ("a.py", 1, 50, "ab" * 32)


def test_all_runs_and_one_day(state: Path) -> None:
    assert json.loads(said(state, "--all", "--by", "run", "--json"))["cloud"]["bytes"] == 1170
    assert json.loads(said(state, "--day", "today", "--json"))["cloud"]["bytes"] == 1170
    assert json.loads(said(state, "--day", "2001-01-01", "--json"))["lines"] == []
    assert "Nothing was sent" in said(state, "--day", "2001-01-01")


@pytest.mark.parametrize(
    ("words", "told"), [(["--by", "colour"], "say one of run, endpoint"), (["--day", "Monday"], "YYYY-MM-DD")]
)
def test_a_wrong_question_is_told(state: Path, words: list[str], told: str) -> None:
    assert told in said(state, *words)
