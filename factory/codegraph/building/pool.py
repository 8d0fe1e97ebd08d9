"""Files read and parsed in worker processes. A crash or a hang of one file costs that file: it becomes plain text.

The parent does nothing for single words or names: it hands out files in small batches, and takes whole segments.
"""

import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from factory.codegraph.building import frames
from factory.codegraph.building.process import BLOBS, Process
from factory.codegraph.building.worker import Job
from factory.codegraph.store.rows import File, Row, Segment
from factory.codegraph.store.segments import Block
from factory.contracts.errors import Stopped
from factory.git import command

BATCH = 24  # files: some tens of milliseconds of work, so that all end together
ALONE = 40  # fewer files are not worth a second process
DOCUMENTS = (1000, 4000)  # of a segment: the least and the most
SIZE = 32 << 20  # bytes of source after which a segment is sent all the same
SECONDS = 10.0  # of processor time, for one file
MEMORY = 2 << 30  # bytes of address space, for one worker
EXTRACTOR = "factory.codegraph.parse.extract"


@dataclass(frozen=True)
class Limits:
    workers: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    seconds: float = SECONDS
    memory: int = MEMORY
    extractor: str = EXTRACTOR  # the module whose `extract` is called


class Ahead:
    """Processes that load while it is still found out what they are to read. Those that nobody takes are ended."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._waiting: list[Process] = []

    def __enter__(self) -> "Ahead":
        with contextlib.suppress(OSError):  # who takes one will see
            while len(self._waiting) < self._count:
                self._waiting.append(Process())
        return self

    def __exit__(self, *_: object) -> None:
        while self._waiting:
            self._waiting.pop().end()

    def take(self) -> Process:
        """One of them, or another one."""
        with contextlib.suppress(IndexError):
            return self._waiting.pop()
        return Process()


def parsed(
    files: Sequence[File], folder: Path, given: Mapping[str, bytes], limits: Limits, ahead: Ahead | None = None
) -> Iterator[Segment]:
    """Segments of all the files, as they get ready. `folder`: where git finds the blobs that are not `given`.

    Closing the iterator ends the processes. Raises Stopped('internal_error') when they do not start.
    """
    if not files:
        return
    count = 1 if len(files) < ALONE else max(1, min(limits.workers, len(files) // BATCH))
    documents = min(max(len(files) // (3 * count), DOCUMENTS[0]), DOCUMENTS[1])
    start = ahead.take if ahead else Process
    job = Job(command(*BLOBS)[0], str(folder), limits.extractor, documents, SIZE, limits.seconds, limits.memory)
    plan = _Plan(files, given)
    ready: queue.Queue[Segment | BaseException | None] = queue.Queue(maxsize=2 * count)
    drivers = [_Driver(job, start, plan, ready) for _ in range(count)]
    try:
        for driver in drivers:
            driver.start()
        running = count
        while running:
            found = ready.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                running -= 1
            else:
                yield found
    finally:
        plan.close()
        for driver in drivers:
            driver.end()


class _Plan:
    """What is still to be done, for all workers: (number, plain) each."""

    def __init__(self, files: Sequence[File], given: Mapping[str, bytes]) -> None:
        self.files = files
        self.given = given
        self._left = deque((number, False) for number in range(len(files)))
        self._lock = threading.Lock()

    def take(self) -> list[tuple[int, bool]]:
        with self._lock:
            return [self._left.popleft() for _ in range(min(BATCH, len(self._left)))]

    def back(self, tasks: Mapping[int, bool]) -> None:
        with self._lock:
            self._left.extend(tasks.items())

    def close(self) -> None:
        with self._lock:
            self._left.clear()


class _Driver(threading.Thread):
    """Keeps one worker busy, and starts another when it dies."""

    def __init__(
        self, job: Job, start: Callable[[], Process], plan: _Plan,
        ready: "queue.Queue[Segment | BaseException | None]",
    ) -> None:  # fmt: skip
        super().__init__(daemon=True)
        self._job = job
        self._new = start
        self._plan = plan
        self._ready = ready
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._ended = False
        self._unsaved: dict[int, bool] = {}  # handed out and in no segment yet; whether as plain text

    def run(self) -> None:
        try:
            self._work()
            self._put(None)
        except BaseException as problem:  # noqa: BLE001 (handed to the thread that waits)
            self._put(problem)

    def _work(self) -> None:
        """Until nothing is left. Raises Stopped after three deaths in a row that were no file's doing."""
        strikes, words = 0, ""
        while not self._ended:
            if strikes == 3:
                raise Stopped("internal_error", f"The processes that parse do not run: {words or 'no reason given'}")
            process = None
            try:
                process = self._begin()
                return self._serve(process)
            except (EOFError, OSError, ValueError):
                words = self._stop()
            strikes = 0 if self._blame(process.mark.get() if process else None) else strikes + 1
        return None

    def end(self) -> None:
        """Whatever it does."""
        with self._lock:
            self._ended = True
        self._stop()

    def _serve(self, process: Process) -> None:
        frames.write(process.to, b"j", self._job._replace(mark=process.descriptor))
        while tasks := self._plan.take():
            self._unsaved.update(tasks)
            given = [self._plan.given.get(self._plan.files[number].oid) for number, _ in tasks]
            work = [
                (number, *self._plan.files[number], plain, -1 if data is None else len(data))
                for (number, plain), data in zip(tasks, given, strict=True)
            ]
            frames.write(process.to, b"w", work, [data for data in given if data is not None])
            while (frame := frames.read(process.of)).kind == b"s":
                self._saved(frame)
        frames.write(process.to, b"f")
        while self._unsaved:
            self._saved(frames.read(process.of))
        self._stop()

    def _saved(self, frame: frames.Frame) -> None:
        words = frame.words
        lengths = [*words["facts"], *(length for _, _, length in words["blocks"])]
        pieces = frames.cut(frame.raw, lengths)
        files = self._plan.files
        rows = [
            Row._make((files[number], *facts, data))
            for (number, *facts), data in zip(words["documents"], pieces, strict=False)
        ]
        blocks = [
            Block(kind, first, data)
            for (kind, first, _), data in zip(words["blocks"], pieces[len(rows) :], strict=True)
        ]
        for number, *_ in words["documents"]:
            self._unsaved.pop(number)
        self._put(Segment(rows, blocks))

    def _blame(self, begun: int | None) -> bool:
        """After a death: the file it had begun is tried as plain text, then given up; the others again, and what is
        lost by the next death is less."""
        self._job = self._job._replace(documents=max(BATCH, self._job.documents // 4))
        number = begun if begun in self._unsaved else None
        if number is not None and self._unsaved.pop(number):
            self._put(Segment([Row(self._plan.files[number], "", 0, 0, 0, "unreadable", True, b"")], ()))
        elif number is not None:
            self._unsaved[number] = True
        self._plan.back(self._unsaved)
        self._unsaved.clear()
        return number is not None

    def _put(self, found: "Segment | BaseException | None") -> None:
        while not self._ended:
            with contextlib.suppress(queue.Full):
                return self._ready.put(found, timeout=0.2)

    def _begin(self) -> Process:
        with self._lock:
            if self._ended:
                raise EOFError
            self._process = self._new()
            return self._process

    def _stop(self) -> str:
        """Its last words, when it had any."""
        with self._lock:
            process, self._process = self._process, None
        return process.end() if process else ""
