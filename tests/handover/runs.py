"""Small runs with real git trees, in a state folder of their own."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.app import State, new_run, open_state
from factory.contracts.change import Change, FileChange, Wave
from factory.contracts.evidence import Evidence
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.record import Record
from factory.contracts.run import Run
from factory.contracts.task import Event, Task
from factory.git import Store
from factory.settings import Settings
from tests.line.targets import repository

BINARY = bytes(range(256)) * 40
BASE: dict[str, str | bytes] = {"app.py": "def one():\n    return 1\n", "README.md": "hello\n", "run.sh": "echo\n"}


class Note(Record):
    """A step's text."""

    text: str


def machine(folder: Path) -> State:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_state(folder)


def begun(folder: Path, files: Mapping[str, str | bytes] = BASE) -> tuple[State, Run, Store]:
    """A run on a new repository, with a task and a plan of one unit that may write anywhere."""
    state, repo = machine(folder / "state"), repository(folder / "repo", dict(files))
    event = Event(kind="issue", source="7.md", text="Two\n\nAdd two.", number="7")
    run = new_run(state, repo, "", event, Settings())
    unit = Unit(id="code", role="backend", title="Two", instructions="Add two.", owns=("**",))
    plan = Plan(summary="Two", effort=2, acceptance=(Criterion(id="A1", text="two"),), units=(unit,))
    task = Task(number="7", title="Two", body="Add two.", kind="feature", digest="0" * 64)
    run = run.but(task=task, plan=plan)
    state.journal.save(run, "plan")
    return state, run, Store(state.run_folder(run.id) / "repo.git", repo)


def written(store: Store, path: str, content: str | bytes, mode: str = "100644") -> FileChange:
    data = content.encode() if isinstance(content, str) else content
    return FileChange(path=path, op="write", mode=mode, oid=store.blob(data), size=len(data))


def deleted(path: str, mode: str = "100644") -> FileChange:
    return FileChange(path=path, op="delete", mode=mode)


def with_files(run: Run, store: Store, files: Sequence[FileChange], **facts: Any) -> Run:
    """The run after its one unit wrote these files, as collect would have left it if nobody had looked."""
    tree = store.overlay(run.repo.tree, files)
    change = Change(unit="code", role="backend", title="Two", base=run.repo.tree, files=tuple(files))
    wave = Wave(n=1, changes=(change,), trees=(tree,), tree=tree)
    return run.but(waves=(wave,), tree=tree, evidence=Evidence(tree=tree, base=run.repo.tree), **facts)


def elsewhere(sent: dict[str, Any], name: str = "two") -> tuple[State, Path]:
    repo = sent["tmp"] / name / "clone"
    shutil.copytree(sent["repo"], repo)
    return machine(sent["tmp"] / name / "state"), repo
