"""Jobs as processes of their own, on one clock with the hub: what can be killed with SIGKILL at any moment.

They are forked from a server that has the factory imported already, so that a job costs tenths of a second.
"""

import os
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from typing import Any

from factory.contracts.errors import FactoryError
from factory.jobs.context import JobContext
from factory.simulator.hub.state import Hub
from tests.forge.answering import TestClock

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.soak.loaded"])
DONE, RED, BROKEN, KILLED = 0, 1, 70, -int(signal.SIGKILL)
LONGEST = 400.0  # real seconds that a job may take on a machine that many share; a quiet one needs three


class SharedClock(TestClock):
    """Moves only when somebody sleeps, in whichever process."""

    def __init__(self, value: Any = None) -> None:
        self._value = value or RawValue("d", 0.0)
        super().__init__()

    @property
    def seconds(self) -> float:
        return float(self._value.value)

    @seconds.setter
    def seconds(self, value: float) -> None:
        if value:  # the first one is the parent's, and this may be a child
            self._value.value = value

    def __reduce__(self) -> tuple[type["SharedClock"], tuple[Any]]:
        return SharedClock, (self._value,)


@dataclass(frozen=True)
class Command:
    """`factory job NAME` with its arguments, in these surroundings."""

    name: str
    context: JobContext
    arguments: tuple[Any, ...] = ()

    @property
    def token(self) -> str:
        return self.context.environment["GITHUB_TOKEN"]

    @property
    def log(self) -> Path:
        return self.context.temp / "log.txt"

    def under(self, hub: Hub) -> "Command":
        """With a token of its own: what a dead process had on the way is told from what the next one asks."""
        had = hub.tokens[self.token]
        token = hub.token(had.login, had.repo, had.permissions, had.kind, job=had.job)
        return replace(self, context=replace(self.context, environment={**self.context.environment,
                                                                        "GITHUB_TOKEN": token}))  # fmt: skip


def here(command: Command, clock: SharedClock) -> int:
    """The same in this process: for what is not to die."""
    job = getattr(import_module(f"factory.jobs.{command.name}"), command.name)
    try:
        return int(job(command.context, *command.arguments, clock=clock))
    except FactoryError:
        return RED


def start(command: Command, clock: SharedClock) -> ForkServerProcess:
    process = _FORKS.Process(target=_work, args=(command, clock), daemon=True)
    process.start()
    return process


def ended(process: ForkServerProcess) -> int:
    """Its exit status; below 0 the signal that ended it."""
    process.join(LONGEST)
    if process.exitcode is None:
        kill(process)
        raise AssertionError(f"a job took longer than {LONGEST} s")
    return process.exitcode


def kill(process: ForkServerProcess) -> None:
    """The job and every git that it has started, as when its machine is gone."""
    if process.pid and process.exitcode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _work(command: Command, clock: SharedClock) -> None:
    """In the child: a process group of its own, its words in a file, its problems as exit status 1."""
    os.setsid()
    with command.log.open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        status = _thinking(command) if command.name == "work" else _shipping(command, clock)
    except FactoryError:
        traceback.print_exc()
        status = RED
    except Exception:  # noqa: BLE001  the edge of the process: the parent's assertion tells it from a red job
        traceback.print_exc()
        status = BROKEN
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # taking the interpreter apart would take longer than the job


def _shipping(command: Command, clock: SharedClock) -> int:
    job = getattr(import_module(f"factory.jobs.{command.name}"), command.name)
    return int(job(command.context, *command.arguments, clock=clock))


def _thinking(command: Command) -> int:
    """`factory stage work`, as the box's job calls it; the argument is the folder that the gate left."""
    from factory.cli.main import exit_code

    context, gate = command.context, command.arguments[0]
    event = context.temp / "event.json"
    event.write_text("{}")
    os.environ.update(context.environment)
    os.environ.update({
        "GITHUB_EVENT_NAME": "issues", "GITHUB_EVENT_PATH": str(event), "GITHUB_REPOSITORY": context.repo,
        "GITHUB_RUN_ID": str(context.run_id), "GITHUB_RUN_ATTEMPT": str(context.attempt),
        "RUNNER_TEMP": str(context.temp),
    })  # fmt: skip
    os.environ.pop("GITHUB_TOKEN")
    os.chdir(context.temp)
    return exit_code(["stage", "work", "--run", "bundle/run.json", "--repo", str(context.workspace), "--issue",
                      str(gate / "issue.md"), "--ticket", str(gate / "ticket.json"), "--config",
                      str(context.workspace / "factory.toml")])  # fmt: skip
