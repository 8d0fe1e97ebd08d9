"""A whole world: GitHub's double, the runner, a repository set up by `factory init`, a box, models over HTTP."""

import contextlib
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.forge.tickets import keypair
from factory.install.plan import plan as installation
from factory.llm.providers.script import Asked, Script
from factory.serve.scripted import serving
from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Issue, Repository
from factory.simulator.hub.runs import Runner as Machine
from factory.simulator.hub.runs import settings
from factory.simulator.hub.serve import serve
from factory.simulator.hub.state import Hub
from factory.simulator.runner.options import Options
from factory.simulator.runner.record import RunRecord
from factory.simulator.runner.runner import Runner
from tests.line.targets import repository

ROOT = Path(__file__).parent.parent.parent
OURS = (".github", "pyproject.toml", "uv.lock", "scripts")  # what the workflows need of the factory's repository
KEY = "sk-town-0123456789abcdefghijklmnop"
LINE = '[line]\ncoding = "write"\n'  # unless a test has a table of its own
BOX = ("self-hosted", "Linux", "X64", "gpu")


@dataclass
class Town:
    hub: Hub
    repo: Repository
    runner: Runner
    folder: Path
    url: str
    secrets: dict[str, str]  # of the repository: what is put in later counts from the next run on
    variables: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)  # (run, role) of every request to a model

    # people

    def ask(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """A request to the API as a person, below the repository."""
        if login not in self.tokens:
            self.tokens[login] = self.hub.token(login, self.repo.full_name, {}, kind="pat")
        request = urllib.request.Request(
            f"{self.url}/repos/{self.repo.full_name}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.tokens[login]}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None

    def issue(self, title: str, body: str, login: str = "wanda") -> int:
        return int(self.ask(login, "POST", "/issues", {"title": title, "body": body})["number"])

    def label(self, number: int, name: str, login: str = "wanda") -> None:
        self.ask(login, "POST", f"/issues/{number}/labels", {"labels": [name]})

    def say(self, number: int, text: str, login: str = "wanda") -> int:
        return int(self.ask(login, "POST", f"/issues/{number}/comments", {"body": text})["id"])

    # what came of it

    def settle(self, seconds: float = 300) -> list[RunRecord]:
        """Everything that is going on goes on until nothing moves; all runs so far, oldest first."""
        self.runner.drain(seconds)
        return self.runs()

    def runs(self) -> list[RunRecord]:
        return [self.runner.record(number) for number in sorted(self.runner.runs)]

    def at(self, number: int) -> Issue:
        return self.hub.issue(self.repo, number)

    def comments(self, number: int) -> list[str]:
        return [row["body"] for row in self.ask("wanda", "GET", f"/issues/{number}/comments?per_page=100")]

    def pulls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("wanda", "GET", "/pulls?state=all&per_page=100")
        return found

    def branches(self) -> dict[str, str]:
        return bare.refs(self.repo.folder, "refs/heads/")

    def trouble(self) -> str:
        """Logs of jobs that failed, for the message of a failing test."""
        parts = []
        for run in self.runs():
            parts.append(f"== {run.workflow} {run.title}: {run.conclusion} {run.problem}")
            for job in run.jobs:
                told = "; ".join(note.message for note in job.notes)
                parts.append(f"-- {job.id}: {job.result or job.status} {told}")
                if job.result == "failure" and job.log:
                    parts.append(Path(job.log).read_text(encoding="utf-8")[-2500:])
        return "\n".join(parts)


@contextlib.contextmanager
def town(
    folder: Path, evaluator: Expressions, files: Mapping[str, str], script: Mapping[str, Any], toml: str = "",
    *, signed: bool = True, box: bool = True, parallel: int = 3, now: Any = None, faults: Any = None,
    variables: Mapping[str, str] | None = None, path: tuple[Path, ...] = (),
    environment: Mapping[str, str] | None = None, asked: Callable[[], None] = lambda: None,
) -> Iterator[Town]:  # fmt: skip
    """octo/tea with the factory's callers on its default branch. People: wanda may write, tria triages, rita reads."""
    hub = Hub(folder / "hub", **({"now": now} if now else {}), faults=faults)
    hub.limits.secondary = False  # the double's clock runs as fast as the machine
    ours = hub.repository("dark-factory-dev/dark-factory", source=_own_repository(folder / "factory"))
    commit = bare.branch(ours.folder, "main")
    repo = hub.repository("octo/tea")
    for login, role in (("wanda", "write"), ("mina", "maintain"), ("tria", "triage"), ("rita", "read")):
        hub.user(login, role=role)
    if box:
        settings(repo).runners.append(Machine(1, "box", BOX))
    private, public = keypair()
    secrets = {"FACTORY_MODEL_KEY": KEY} | (
        {"FACTORY_GATE_KEY": private, "FACTORY_MARKER_KEY": "marker-key-0123456789abcdef"} if signed else {}
    )
    told = {**({"FACTORY_GATE_PUBLIC": public} if signed else {}), **(variables or {})}
    heard: list[tuple[str, str]] = []

    def hear(run: str, request: Asked) -> None:
        heard.append((run, request.role))
        asked()

    listening = serving(Script.model_validate(script), heard=hear)
    with serve(hub) as served, listening as model:
        start = {path: text.encode() for path, text in files.items()}
        start |= {each.path: each.text.encode() for each in installation(lambda path: None, _source(commit), "write")}
        start["factory.toml"] = _settings(model, toml).encode()
        bare.set_ref(repo.folder, "refs/heads/main", bare.write_commit(repo.folder, (), start, "start", hub.now()))
        options = Options(
            secrets=secrets, variables=told, parallel=parallel, patience=(2, 1),
            path=(*path, Path(sys.executable).parent), environment=environment or {},
        )  # fmt: skip
        runner = Runner(hub, evaluator, folder / "runner", options)
        try:
            yield Town(hub, repo, runner, folder, served.url, secrets, told, heard=heard)
        finally:
            runner.stop()


def _source(commit: str) -> str:
    return f"dark-factory-dev/dark-factory@{commit}"


def _own_repository(folder: Path) -> Path:
    """The factory's repository as it stands in the work tree, as far as workflows and actions need it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *OURS], cwd=ROOT,
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return repository(folder, {})


def _settings(model: str, toml: str) -> str:
    return f"""
[endpoints.box]
wire = "openai"
url = "{model}/v1"
model = "scripted"
key_env = "FACTORY_MODEL_KEY"
logprobs = true

{"" if "[line]" in toml else LINE}
[checks]
lint = false
{toml.replace("{model}", model)}
"""
