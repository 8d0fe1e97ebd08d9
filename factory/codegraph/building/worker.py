"""One process that reads files, parses and inverts them: `factory.codegraph.building.worker`, which `pool` starts.

It imports nothing that is slow. A file that hangs ends the process (a timer of the kernel), one that crashes the
parser ends it too; the parent knows which file was begun and starts another process. Ends when its input is closed.
"""

import gc
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import IO, Any, NamedTuple

from factory.codegraph.building import frames
from factory.codegraph.facts import NOTHING, Facts
from factory.codegraph.parse.contents import LARGE, hint_of, reason_by_contents
from factory.codegraph.parse.languages import language_of
from factory.codegraph.store.packing import packed
from factory.codegraph.store.segments import Inverter
from factory.codegraph.words import words_of

WALL = 6  # times the processor time that a file may take: a machine under load is not a hang


class Job(NamedTuple):
    """`git` is the command that answers with blobs, run in `folder`. A segment is sent when it holds `documents`
    or was made of `size` bytes. `seconds` of processor time for one file; `memory` in bytes of address space; `mark`
    is the descriptor of the memory where the number of the file stands that was begun."""

    git: Sequence[str]
    folder: str
    extractor: str
    documents: int
    size: int
    seconds: float
    memory: int
    mark: int = -1


class Worker:
    def __init__(self, job: Job, output: IO[bytes]) -> None:
        self._job = job
        self._output = output
        self._git = subprocess.Popen(
            job.git, cwd=job.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._extract = import_module(job.extractor).extract
        self._mark = frames.Mark(job.mark)
        self._fresh()

    def _fresh(self) -> None:
        self._documents: list[tuple[Any, ...]] = []
        self._facts: list[bytes] = []
        self._inverter = Inverter()
        self._size = 0

    def work(self, files: Sequence[Sequence[Any]], given: bytes) -> None:
        """Each file is (number, oid, name, plain, length): `length` bytes of `given`, or -1 = ask git for it."""
        self._ask([oid for _, oid, _, _, length in files if length < 0])
        at = 0
        for number, _, name, plain, length in files:
            self._mark.put(number)
            self._timer(self._job.seconds)
            if length < 0:
                data = self._answer()
            else:
                data, at = given[at : at + length], at + length
            self._one(number, name, plain, data)
            self._timer(0)
            if len(self._documents) >= self._job.documents or self._size >= self._job.size:
                self.flush()
        self._mark.put(None)
        frames.write(self._output, b"d")

    def _one(self, number: int, name: str, plain: bool, data: bytes | None) -> None:
        skip = "unreadable" if data is None else reason_by_contents(hint_of(name), data)
        if data is None or skip:
            return self._keep(number, NOTHING, 0, skip, plain, len(data or b""))
        facts, failed = self._read("" if plain else language_of(name, data[:8000]), data)
        words = words_of(facts.idents, facts.prose)
        document = len(self._documents)
        self._inverter.add("word", document, words)
        if facts.language:  # a text has words; names are those of code
            self._inverter.add("name", document, facts.idents)
            self._inverter.add("def", document, Counter(symbol.name for symbol in facts.symbols))
        self._size += len(data)
        self._keep(number, facts, sum(words.values()), "", plain or failed, len(data))

    def _read(self, language: str, data: bytes) -> tuple[Facts, bool]:
        """What fails in a language is plain text; what fails as plain text says nothing."""
        for each in dict.fromkeys((language, "")):
            try:
                return self._extract(each, data), each != language
            except Exception:  # noqa: BLE001, S112 (whatever one file does to the parser, it costs that file)
                continue
        return NOTHING, True

    def _keep(self, number: int, facts: Facts, words: int, skip: str, failed: bool, size: int) -> None:
        self._documents.append((number, facts.language, size, facts.lines, words, skip, failed))
        self._facts.append(packed(facts))

    def flush(self) -> None:
        if not self._documents:
            return
        blocks = list(self._inverter.blocks())
        words = {
            "documents": self._documents,
            "facts": [len(data) for data in self._facts],
            "blocks": [(block.kind, block.first, len(block.data)) for block in blocks],
        }
        frames.write(self._output, b"s", words, [*self._facts, *(block.data for block in blocks)])
        self._fresh()

    def _timer(self, seconds: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # its signals end the process, also inside the parser
        signal.setitimer(signal.ITIMER_REAL, seconds * WALL)

    def _ask(self, oids: Sequence[str]) -> None:
        """All at once: git reads ahead while we parse. A batch's oids fit in the pipe."""
        assert self._git.stdin
        self._git.stdin.write("".join(f"{oid}\n" for oid in oids).encode())
        self._git.stdin.flush()

    def _answer(self) -> bytes | None:
        """The next blob; None when there is no such one. Of a large one only as much as shows that it is."""
        assert self._git.stdout
        line = self._git.stdout.readline()
        if not line:
            raise EOFError("git cat-file ended")
        if b" blob " not in line:
            return None
        size = int(line.split()[2])
        data = self._git.stdout.read(min(size, LARGE + 1))
        for piece in _pieces(size + 1 - len(data)):
            self._git.stdout.read(piece)
        return data[:size]


def _pieces(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, LARGE)
        size -= LARGE


def main() -> None:
    gc.disable()  # nothing here refers to itself, and looking for it is a twentieth of the time
    source, output = sys.stdin.buffer, sys.stdout.buffer
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)  # a parent may have had them ignored
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; the parent closes our input
    try:
        job = Job(*frames.read(source).words)
    except EOFError:
        return
    worker = Worker(job, output)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (job.memory, job.memory))  # not of git: it maps whole packs
    while True:
        try:
            frame = frames.read(source)
        except EOFError:
            return
        if frame.kind == b"f":
            worker.flush()
            return
        worker.work(frame.words, frame.raw)


if __name__ == "__main__":
    main()
