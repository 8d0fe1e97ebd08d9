"""All files looked at in worker processes. A crash or a hang costs the file that was looked at, and is counted."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.contracts.errors import Stopped
from factory.contracts.finding import Finding
from factory.hunt import worker
from factory.hunt.detector import Detector, Hit
from factory.hunt.ground import Ground

STRIKES = 10  # files in a row that end their process, before it is asked whether any process runs here
ALONE = 30  # fewer files are not worth a second process
SECONDS = 10.0  # of processor time, for one file
MEMORY = 2 << 30  # bytes of address space, for one worker
Given = Mapping[str, Sequence[tuple[Detector, Hit]]]


@dataclass
class Looked:
    findings: list[Finding] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    hushed: int = 0

    def take(self, path: str, answer: Mapping[str, Any]) -> None:
        """What a worker said of one file."""
        if "problem" in answer:
            self.failed.append(path)
            return
        self.hushed += answer["hushed"]
        self.findings += map(Finding.model_validate, answer["findings"])


def looked_at(
    ground: Ground, detectors: Sequence[Detector], given: Given, workers: int | None = None, seconds: float = SECONDS
) -> Looked:
    """Every file of the ground, once. `given`: by path, what engines and surveys hit there.

    Raises Stopped('internal_error') when the processes do not start.
    """
    if workers == 0:
        return _here(ground, detectors, given)
    count = workers or len(os.sched_getaffinity(0))
    crew = _Crew(ground, detectors, given, seconds)
    threads = [
        threading.Thread(target=crew.work, daemon=True) for _ in range(count if len(ground.paths) > ALONE else 1)
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    finally:
        crew.end()
    if crew.problem:
        raise Stopped("internal_error", crew.problem)
    return crew.found


def _here(ground: Ground, detectors: Sequence[Detector], given: Given) -> Looked:
    looked = Looked()
    for path in ground.paths:
        looked.take(path, worker.looked(ground.source(path), detectors, given.get(path, ())))
    return looked


class _Crew:
    """What the threads share; each drives one process."""

    def __init__(self, ground: Ground, detectors: Sequence[Detector], given: Given, seconds: float) -> None:
        self.found = Looked()
        self.problem = ""
        self._first = json.dumps([str(ground.root), [detector.id for detector in detectors], seconds, MEMORY])
        self._given = given
        self._left: queue.SimpleQueue[str] = queue.SimpleQueue()
        for path in ground.paths:
            self._left.put(path)
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self._ended = False

    def work(self) -> None:
        try:
            self._work()
        except OSError as error:
            self.problem = f"A process that looks at files does not start: {error.strerror}."

    def _work(self) -> None:
        process: subprocess.Popen[str] | None = None
        strikes = 0
        while not self._ended and not self.problem:
            try:
                path = self._left.get_nowait()
            except queue.Empty:
                break
            process = process or self._start()
            line = _asked(process, worker.task(path, self._given.get(path, ())))
            if line:
                strikes = 0
            else:  # it is dead, and this file's doing
                self._stop(process)
                process, strikes = None, strikes + 1
            self._take(path, line)
            if strikes == STRIKES:
                strikes = 0
                if not self._runs():
                    self.problem = "The processes that look at files do not run: see whether memory is left."
        if process:
            self._stop(process)

    def _runs(self) -> bool:
        """Whether a process answers for a file that is not there: then it was the files' doing, not the machine's."""
        process = self._start()
        answer = _asked(process, worker.task("", ()))
        self._stop(process)
        return bool(answer)

    def end(self) -> None:
        """Whatever they do."""
        self._ended = True
        with self._lock:
            left = list(self._processes)
        for process in left:
            process.kill()

    def _take(self, path: str, line: str) -> None:
        answer = json.loads(line) if line else {"problem": "it ended the process"}
        with self._lock:
            self.found.take(path, answer)

    def _start(self) -> "subprocess.Popen[str]":
        paths = [path for path in sys.path if path and Path(path).is_absolute()]  # never the folder we stand in
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "factory.hunt.worker"], cwd="/", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"},
        )  # fmt: skip
        with self._lock:
            self._processes.append(process)
        assert process.stdin
        process.stdin.write(self._first + "\n")
        return process

    def _stop(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.communicate()
        with self._lock:
            self._processes.remove(process)


def _asked(process: "subprocess.Popen[str]", line: str) -> str:
    """Its answer, "" when it is dead."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        return answer if answer.endswith("\n") else ""  # half an answer: it died over it
    except (BrokenPipeError, ValueError):
        return ""
