"""`factory simulate`: one event, the real workflow files, a GitHub double and a runner, and what came of it."""

import math
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.settings import Settings, load
from factory.simulator.expressions.evaluator import expressions
from factory.simulator.forecast import forecast
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Event, Repository
from factory.simulator.hub.serve import serve_hub
from factory.simulator.hub.state import Hub
from factory.simulator.runner.options import Options
from factory.simulator.runner.record import RunRecord
from factory.simulator.runner.runner import Runner
from factory.simulator.scene import Scene, arrange, deliver
from factory.simulator.story import Story, books, requests, written

PATIENCE = 3600.0  # seconds a simulation may take


def simulate(scene: Scene, dry: bool = False, keep: Path | None = None, parallel: int = 3,
             environment: Mapping[str, str] | None = None, tell: Callable[[str], None] = lambda line: None
             ) -> Story:  # fmt: skip
    """Deliver the event, drain everything that follows. `keep`: an empty folder for repositories and logs.

    Raises UsageProblem for what is missing (Node, a repository) and for a folder that is not empty.
    """
    with ExitStack() as stack:
        folder = (
            _folder(keep) if keep else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="factory-sim-")))
        )
        evaluator = stack.enter_context(expressions())
        hub = Hub(folder / "github")
        repo = arrange(hub, scene)
        options = Options(scene.secrets, scene.variables, parallel=parallel, environment=environment or {})
        runner = Runner(hub, evaluator, folder / "runner", options, tell)
        stack.enter_context(serve_hub(hub))
        event = deliver(hub, repo, scene)
        first = len(hub.events)
        if dry:
            story = _story(hub, repo, event).but(dry=True, jobs=forecast(runner.bench, event))
            return story.but(folder=str(keep or ""))
        stack.callback(runner.stop)
        runner.drain(PATIENCE)
        return _ran(runner, repo, _story(hub, repo, event), hub.events[first:]).but(folder=str(keep or ""))


def _folder(keep: Path) -> Path:
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise UsageProblem(f"--keep {keep} is not empty: name a new folder.")
    return keep.resolve()


def _story(hub: Hub, repo: Repository, event: Event) -> Story:
    settings = _settings(repo)
    roles = {"start work": str(settings.github.role)}
    roles |= {f"/factory {verb}": str(role) for verb, role in settings.github.roles.items()}
    bots = {f"the bot {login}": "listed" for login in settings.github.bots}
    return Story(
        repo=repo.full_name, event=event.name, action=event.action, actor=event.actor,
        role=hub.role(repo, event.actor), may={**roles, **bots}, most_usd=settings.budget.run_usd,
    )  # fmt: skip


def _settings(repo: Repository) -> Settings:
    """Of the default branch's factory.toml: only that counts on GitHub. Raises UsageProblem for a bad one."""
    head = bare.branch(repo.folder, repo.default_branch)
    names = bare.text(repo.folder, "ls-tree", "--name-only", head).splitlines()
    if "factory.toml" not in names:
        return Settings()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "factory.toml"
        path.write_bytes(bare.git(repo.folder, "show", f"{head}:factory.toml"))
        return load(path, None, {})


def _ran(runner: Runner, repo: Repository, story: Story, events: list[Event]) -> Story:
    runs = tuple(runner.records())
    spent, reserved = books(repo)
    refused = [f"{method} {path} ({status})" for method, path, status, _ in runner.hub.requests if status == 403]
    return story.but(
        runs=runs, writes=written(runner.hub, repo, events), requests=requests(runner.hub, 0),
        refused=tuple(dict.fromkeys(refused)), violations=tuple(runner.hub.violations),
        waiting=tuple(f"{run.name}: {job.name} waits for {', '.join(job.labels)}"
                      for run in runs for job in run.jobs if job.status == "queued"),
        hosted_minutes=sum(_billed(run) for run in runs), spent_microdollars=spent, reserved_microdollars=reserved,
    )  # fmt: skip


def _billed(run: RunRecord) -> int:
    """Hosted jobs are billed in whole minutes each."""
    ran = [job for job in run.jobs if job.seconds and "self-hosted" not in job.labels]
    return sum(max(1, math.ceil(job.seconds / 60)) for job in ran)
