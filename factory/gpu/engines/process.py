"""One running engine: started, asked how it is, put to sleep and woken, ended. Blocking; safe for several threads."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from factory.contracts.errors import Stopped, UsageProblem, disk_problem
from factory.contracts.seams import Clock
from factory.gpu import bootlog
from factory.gpu.bootlog import Boot
from factory.gpu.engines import keeper, leftovers
from factory.gpu.engines.failures import explain
from factory.gpu.engines.health import Health, look, measure
from factory.gpu.engines.launch import LOOPBACK, Launch
from factory.gpu.engines.passed import environment, without_secrets
from factory.gpu.engines.registry import ENGINES
from factory.gpu.engines.wire import Server, WireProblem, clean

State = Literal["starting", "ready", "asleep", "stopped", "failed"]
RUNNING = ("starting", "ready", "asleep")
LOG_BYTES = 8 * 1024 * 1024  # of each of the log's two files
TAIL = 64 * 1024  # bytes of the log in which the cause of a failure is looked for
ORPHAN_GRACE = 3  # seconds an engine has to end when its factory is gone
LATE = 8.0  # seconds after the grace in which the keeper must have killed everything
PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds between two looks at a starting engine


@dataclass(frozen=True)
class Ready:
    """How a start went. `boot`: what its log says, None where there is nothing to read."""

    seconds: float
    boot: Boot | None
    version: str


class Process:
    """An engine of its own session, in an environment of its own. `folder` takes its log and its mark."""

    def __init__(self, launch: Launch, folder: Path, clock: Clock, ours: Mapping[str, str] = os.environ) -> None:
        name = f"{re.sub(r'[^A-Za-z0-9_.-]', '_', launch.name)[:80]}-{launch.port}"
        self.launch, self.log, self._mark = launch, folder / f"{name}.log", folder / f"{name}.engine"
        self.server = Server(f"http://{LOOPBACK}:{launch.port}")
        self.pid: int | None = None  # of the engine; also its session and its process group
        self.returncode: int | None = None  # negative: a signal's number
        self.version, self.started = "", ""
        self._engine, self._clock, self._ours = ENGINES[launch.kind], clock, ours
        self._state: State = "stopped"
        self._keeper: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._begun, self._born, self._level, self._ending = 0.0, 0, 0, False

    @property
    def state(self) -> State:
        """`failed`: it ended by itself, or did not come up."""
        if self._state in RUNNING and self._gone() and not self._ending:
            self._state = "failed"
        return self._state

    def start(self) -> None:
        """Returns at once; `wait_ready` says what came of it. Raises Stopped('model_unusable') if it cannot run, and
        Stopped for a disk that takes nothing.
        """
        if self.state in RUNNING:
            raise Stopped("internal_error", f"{self.launch.name} runs already.")
        self._free_port()
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise disk_problem(error, self.log.parent) from error
        self._begun, self.started = self._clock.monotonic(), self._clock.now()
        self.pid = self.returncode = None
        self._ending, self.version = False, ""
        bounds = (str(self.log), str(LOG_BYTES), str(ORPHAN_GRACE), "--")
        self._keeper = subprocess.Popen(
            (sys.executable, "-I", "-S", keeper.__file__, *bounds, *self.launch.argv), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            env=environment(self._ours, self.launch.env),
        )  # fmt: skip
        said = self._keeper.stdout.readline().decode("utf-8", "replace").strip() if self._keeper.stdout else ""
        if not said.startswith("pid "):
            self._keeper.wait()
            self._gone()
            self._state = "failed"
            why = said.removeprefix("error ") or "its keeper ended"
            raise self._stopped(f"cannot be started ({why}): install it, or correct `program`")
        self.pid, self._state = int(said.split()[1]), "starting"
        try:
            self._born = leftovers.mark(self._mark, self.pid)
        except Stopped:
            self.stop(0)
            raise

    def wait_ready(self, timeout_s: float) -> Ready:
        """Until it answers. One that ends or is late is stopped: raises Stopped('model_unusable') with the reason."""
        pause = PAUSE
        try:
            while not self._up():
                if self._elapsed() > timeout_s:
                    raise self._stopped(f"did not start within {timeout_s:g} s: {self._cause()}")
                self._clock.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 1.5)
            self._engine.load(self.server, self.launch, max(1.0, timeout_s - self._elapsed()))
        except WireProblem as problem:
            self.stop()
            self._state = "failed"
            raise self._stopped(f"did not load its model: {problem}") from None
        except Stopped:
            stopped_by_order = self._ending
            self.stop()
            self._state = "stopped" if stopped_by_order else "failed"
            raise
        self._state, self.version = "ready", self._asked_version()
        return Ready(self._elapsed(), self._boot(), self.version)

    def healthy(self, timeout_s: float = 2.0) -> Health:
        """ok, slow (no answer in time), or dead (no process, or one that says so)."""
        if self.state not in RUNNING:
            return Health("dead", self._cause() if self._state == "failed" else "it is stopped")
        return look(self.server, self._engine.HEALTH, timeout_s)

    def sleep(self, level: int) -> float:
        """Frees its cards; level 1 keeps the weights in host memory. Seconds it took. Raises Stopped if it did not."""
        if self.state != "ready" or not self.launch.sleeps:
            raise self._stopped(f"cannot sleep: {'it is ' + self.state if self.launch.sleeps else 'stop it instead'}")
        seconds = self._doze(lambda: self._engine.sleep(self.server, self.launch, level), "did not go to sleep")
        self._state, self._level = "asleep", level
        return seconds

    def wake(self) -> float:
        """Seconds it took. Raises Stopped when it did not wake: it is of no use then, stop it."""
        if self.state != "asleep":
            raise self._stopped(f"cannot wake: it is {self.state}")
        seconds = self._doze(lambda: self._engine.wake(self.server, self.launch, self._level), "did not wake")
        self._state = "ready"
        return seconds

    def stop(self, grace_s: float = 10.0) -> float:
        """Ends it and all its processes: SIGTERM, after the grace SIGKILL. Seconds it took; nothing if it is gone."""
        begun, watched = self._clock.monotonic(), self._keeper
        self._ending = True
        if watched and watched.poll() is None:
            with contextlib.suppress(OSError):
                os.write(watched.stdin.fileno(), f"stop {grace_s}\n".encode()) if watched.stdin else None
            try:
                watched.wait(grace_s + LATE)
            except subprocess.TimeoutExpired:
                watched.kill()
                watched.wait()
        self._gone()
        self._state = "stopped"
        return self._clock.monotonic() - begun

    def memory_bytes(self) -> int:
        """Resident host memory of all its processes; pages they share count for each."""
        watched = self._keeper
        return sum(one.resident for one in keeper.below(watched.pid)) if watched and not self._gone() else 0

    def metrics(self) -> dict[str, float]:
        """running, waiting, kv_use (0..1), prefix_hits, prefix_queries, prompt_tokens, output_tokens, preemptions: what
        of it the engine measures. Raises Stopped when it does not answer.
        """
        try:
            return measure(self.server, self._engine.METRICS)
        except WireProblem as problem:
            raise self._stopped(f"gives no metrics: {problem}") from None

    def _gone(self) -> bool:
        """Has everything ended? Takes the exit code and tidies up once."""
        with self._lock:
            watched = self._keeper
            if watched is None or watched.poll() is None:
                return watched is None
            self._keeper = None
            said = b""
            for pipe in (watched.stdin, watched.stdout):
                if pipe:
                    said = pipe.read() if pipe is watched.stdout else b""
                    pipe.close()
            ended = re.search(rb"exit (-?\d+)", said)
            self.returncode = int(ended[1]) if ended else -9
            if self.pid and not ended:  # the keeper was killed, and the engine's first process with it
                leftovers.end_session(self.pid, self._born)
            self._mark.unlink(missing_ok=True)
            return True

    def _up(self) -> bool:
        """Does it serve? Raises Stopped when it has ended."""
        if self._gone():
            raise self._stopped(f"did not start: {self._cause()}")
        return look(self.server, self._engine.HEALTH, 2.0).state == "ok"

    def _doze(self, work: Callable[[], None], what: str) -> float:
        begun = self._clock.monotonic()
        try:
            work()
        except WireProblem as problem:
            raise self._stopped(f"{what}: {problem}") from None
        return self._clock.monotonic() - begun

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._begun

    def _free_port(self) -> None:
        """A stranger on the port would be taken for the engine, and answer for it."""
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((LOOPBACK, self.launch.port))
            except OSError:
                raise self._stopped(f"did not start: its port {self.launch.port} is in use") from None

    def _asked_version(self) -> str:
        path, key = self._engine.VERSION
        try:
            return clean(str(self.server.read(path, 5.0).get(key, "")))[:40]
        except WireProblem:
            return ""

    def _boot(self) -> Boot | None:
        """What the log says of this start; only vLLM says enough."""
        if self.launch.kind != "vllm":
            return None
        try:
            return bootlog.parse(self._text(LOG_BYTES))
        except UsageProblem:
            return None

    def _cause(self) -> str:
        return explain(self._text(TAIL), self.returncode)

    def _text(self, most: int) -> str:
        """The end of the log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - most))
                return file.read(most).decode("utf-8", "replace")
        except OSError:
            return ""

    def _stopped(self, what: str) -> Stopped:
        said = without_secrets(what, self.launch.env)
        return Stopped("model_unusable", f"{self.launch.name} {said}. Its log: {self.log}")
