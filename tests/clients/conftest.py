"""A repository, a gateway in front of scripted models, and a real client set up as `factory agents install` says."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from factory.app import open_state
from factory.contracts.model import GRADES
from factory.contracts.record import Json, digest
from factory.git import run_git
from factory.serve.clients import KEY, Port, Setup, setup
from scripts.real_clients import command_of
from tests.clients.models_double import Heard, Models, serving

OURS = "df-key-of-ada"
TASK = "Change the greeting to goodbye"
BEFORE, AFTER = 'def greet():\n    return "hello"\n', 'def greet():\n    return "goodbye"\n'
CONTEXT, OUTPUT = 65_536, 8_192
WHO = {f"GIT_{kind}_{key}": "x@example.org" for kind in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}


@dataclass
class Bench:
    """One client at work. `url` is the gateway's."""

    folder: Path
    models: Models
    url: str
    stop: Callable[[], None]

    @property
    def file(self) -> Path:
        return self.folder / "repo" / "greet.py"

    def run(self, client: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The client in the repository, with a home of its own and nothing of the outer environment."""
        made = setup(client, Port(self.url, CONTEXT, OUTPUT))
        home = self._home(made)
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", KEY: OURS, **WHO,
            **{name: value.replace(f"${KEY}", OURS) for name, value in made.environment.items()},
            "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost",  # nothing leaves the machine
        }  # fmt: skip
        return subprocess.run(
            [str(command_of(client)), *(word.replace("~", str(home)) for word in arguments)], env=environment,
            cwd=self.file.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
        )  # fmt: skip

    def _home(self, made: Setup) -> Path:
        home = self.folder / "home"
        for file in made.files:
            path = home / file.path.removeprefix("~/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
        return home

    def asked(self) -> list[Heard]:
        """What reached the models; all of it came by the gateway, which booked it under our key and kept the key."""
        self.stop()
        rows = open_state(self.folder / "state").db.connection().execute(
            "SELECT key, SUM(calls) FROM spend WHERE kind = 'serve' GROUP BY key"
        )  # fmt: skip
        assert [tuple(row) for row in rows] == [("ada", len(self.models.heard))]
        assert all(OURS not in str(one.headers) for one in self.models.heard)
        return self.models.heard


Start = Callable[..., Bench]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Start]:
    """`bench(wire, replies=…, items=…)`: models on that wire, one a tier, each called by its tier's name."""
    with ExitStack() as stack:

        def start(wire: str, replies: list[Json] | None = None, items: list[Json] | None = None) -> Bench:
            repo = tmp_path / "repo"
            repo.mkdir()
            (repo / "greet.py").write_text(BEFORE)
            for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "first")):
                run_git(repo, *words, env=WHO)
            models = stack.enter_context(serving(Models(replies or [], items or [])))
            (tmp_path / "factory.toml").write_text(_settings(wire, models.url))
            gateway, url = _gateway(tmp_path)

            def stop() -> None:
                gateway.send_signal(signal.SIGTERM)
                gateway.wait(timeout=20)

            stack.callback(gateway.kill)
            return Bench(tmp_path, models, url, stop)

        yield start


def _settings(wire: str, url: str) -> str:
    base = url if wire == "anthropic" else f"{url}/v1"
    speaks = 'speaks = ["responses"]' if wire == "responses" else ""
    tables = [
        f'[endpoints.{grade}]\nwire = "{"anthropic" if wire == "anthropic" else "openai"}"\nurl = "{base}"\n'
        f'model = "{grade}"\ngrades = ["{grade}"]\ncontext = {CONTEXT}\nmax_output = {OUTPUT}\n{speaks}\n'
        for grade in GRADES
    ]
    return "\n".join([*tables, f'[serve]\nport = 0\n\n[serve.keys.ada]\nsha256 = "{digest(OURS)}"\n'])


def _gateway(folder: Path) -> tuple["subprocess.Popen[str]", str]:
    process: subprocess.Popen[str] = subprocess.Popen(
        [sys.executable, "-m", "factory.cli", "serve", "--config", str(folder / "factory.toml")],
        env={**os.environ, "FACTORY_STATE": str(folder / "state")}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line: Any = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, f"the gateway did not start: {line}"
    return process, found[0]
