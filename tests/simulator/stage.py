"""A stage for the runner's tests: a repository with workflow files on a served double, and a runner."""

import contextlib
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare, pushes
from factory.simulator.hub.nouns import Event, Repository
from factory.simulator.hub.serve import serve
from factory.simulator.hub.state import Hub
from factory.simulator.runner.options import Options
from factory.simulator.runner.record import RunRecord
from factory.simulator.runner.runner import Runner
from tests.simulator.asking import Clock

PIN = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Stage:
    hub: Hub
    repo: Repository
    runner: Runner
    clock: Clock
    folder: Path

    def write(self, files: Mapping[str, str | None], branch: str = "main") -> str:
        """Commit files; a bare `x.yml` is a workflow."""
        whole = {
            f".github/workflows/{name}" if name.endswith(".yml") and "/" not in name else name: textwrap.dedent(
                text
            ).encode()
            if text
            else None
            for name, text in files.items()
        }
        old = bare.branch(self.repo.folder, branch)
        commit = bare.write_commit(self.repo.folder, (old,) if old else (), whole, "files", self.hub.now())
        bare.set_ref(self.repo.folder, f"refs/heads/{branch}", commit)
        return commit

    def happen(self, name: str, actor: str = "octo", ref: str = "", sha: str = "", **payload: Any) -> Event:
        return self.hub.emit(None, self.repo, name, payload, ref, sha, actor)

    def push(self, files: Mapping[str, str | None], branch: str = "main") -> str:
        """Commit files with the event that a push makes."""
        old = bare.branch(self.repo.folder, branch)
        new = self.write(files, branch)
        pushes.moved(self.hub, None, self.repo, f"refs/heads/{branch}", old, new)
        return new

    def go(
        self, workflow: str, inputs: Mapping[str, Any] | None = None, seconds: float = 180, **more: str
    ) -> RunRecord:
        """Write one workflow, dispatch it, wait; the run that came of it."""
        self.write({"w.yml": workflow, **more})
        return self.dispatch("w.yml", inputs, seconds)

    def dispatch(self, file: str, inputs: Mapping[str, Any] | None = None, seconds: float = 180) -> RunRecord:
        """workflow_dispatch on main, and everything that follows."""
        before = set(self.runner.runs)
        self.start(file, inputs)
        self.runner.drain(seconds)
        return self.runner.record(next(run for run in self.runner.runs if run not in before))

    def start(self, file: str, inputs: Mapping[str, Any] | None = None) -> None:
        path = f".github/workflows/{file}"
        self.happen("workflow_dispatch", ref="refs/heads/main", inputs=dict(inputs or {}), workflow=path)

    def log(self, record: RunRecord, job: str) -> str:
        return Path(record.job(job).log).read_text(encoding="utf-8")


@contextlib.contextmanager
def stage(folder: Path, evaluator: Expressions, options: Options | None = None) -> Iterator[Stage]:
    """octo/shop, private, on a served double whose clock stands still."""
    clock = Clock()
    hub = Hub(folder / "hub", now=clock)
    repo = hub.repository("octo/shop")
    runner = Runner(hub, evaluator, folder / "runner", options or Options(patience=(0.3, 0.3)))
    with serve(hub):
        try:
            yield Stage(hub, repo, runner, clock, folder)
        finally:
            runner.stop()
