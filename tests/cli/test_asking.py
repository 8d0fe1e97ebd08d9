"""Which runs say what `factory hunt --fix --with-models` need not ask for again."""

import shutil
from pathlib import Path

from factory.app import new_run, open_state
from factory.cli.asking import before
from factory.contracts.task import Event
from factory.settings import Settings
from tests.line.targets import repository

EVENT = Event(kind="issue", source="hunt: bare-except in the root", text="Mend it.")


def test_a_folder_that_is_no_repository_any_more_stops_no_hunt(tmp_path: Path) -> None:
    here, gone = (repository(tmp_path / name, {"a.py": f"{name} = 1\n"}) for name in ("here", "gone"))
    state = open_state(tmp_path / "state")
    mine = new_run(state, here, "HEAD", EVENT, Settings())
    new_run(state, gone, "HEAD", EVENT, Settings())
    shutil.rmtree(gone / ".git")
    assert [run.id for run in before(state, here)] == [mine.id]


def test_no_number_of_later_runs_elsewhere_hides_one_of_here(tmp_path: Path) -> None:
    here, other = (repository(tmp_path / name, {"a.py": f"{name} = 1\n"}) for name in ("here", "other"))
    state = open_state(tmp_path / "state")
    mine = new_run(state, here, "HEAD", EVENT, Settings())
    theirs = new_run(state, other, "HEAD", EVENT, Settings())
    for n in range(250):
        state.journal.open(theirs.but(id=f"20990101-000000-{n:06x}", created="2099-01-01T00:00:00Z"), "")
    assert [run.id for run in before(state, here)] == [mine.id]
