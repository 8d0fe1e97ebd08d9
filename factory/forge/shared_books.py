"""The shared books: JSON lines on the orphan branch `factory-ledger`, read and appended by real git.

A push that is not forced is the compare-and-swap: GitHub takes it only when the branch is where it was read. On a
rejection the rows are read again and the decision is made again; an answer that got lost is found by reading, since
rows have ids. What cannot be read is kept, counted and ignored. docs/github.md#books
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.errors import GitProblem, HubUnreachable
from factory.contracts.record import ValidationError
from factory.contracts.seams import Clock
from factory.forge.remote import Moved, Remote
from factory.git import AUTHOR, run_git

BRANCH = "refs/heads/factory-ledger"
LOCAL = "refs/books/tip"
TRIES = 12
MONTHS = 13  # files that are read
LINE = 16_384  # bytes of one row
_FILE = re.compile(r"\d{4}-\d{2}\.jsonl")
Decide = Callable[[tuple[Row, ...]], tuple[Row, ...]]


@dataclass(frozen=True)
class Books:
    """What stood there at `commit` ("": no branch yet). `bad` lines could not be read."""

    commit: str
    rows: tuple[Row, ...]
    bad: int = 0


@dataclass(frozen=True)
class Booked:
    """After an append: everything, and which of it this append wrote."""

    rows: tuple[Row, ...]
    added: tuple[Row, ...]
    bad: int = 0


class SharedBooks:
    """One repository's books. `folder` is a bare repository of our own, made on first use."""

    def __init__(self, folder: Path, url: str, token: str, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.remote = Remote(folder, url, token)

    def read(self) -> Books:
        """Raises HubProblem; no answer is tried again."""
        for turn in range(TRIES):
            try:
                return self._read()
            except HubUnreachable:
                if turn == TRIES - 1:
                    raise
                self._wait(turn)
        raise AssertionError("unreachable")

    def append(self, decide: Decide) -> Booked:
        """Write the rows that `decide` wants on top of what is there; rows whose id is there already are not written.

        `decide` is asked again whenever the books have moved on. Raises HubProblem when they cannot be written.
        """
        wanted: tuple[Row, ...] = ()
        last = ""
        for turn in range(TRIES):
            books = self.read()
            known = {row.id for row in books.rows}
            fresh = tuple(row for row in decide(books.rows) if row.id not in known)
            if not fresh:  # an earlier push of ours whose answer was lost counts as ours
                added = tuple(row for row in books.rows if row in wanted)
                return Booked(books.rows, added, books.bad)
            wanted = fresh
            try:
                self.remote.push(self._commit(books, fresh), BRANCH)
            except (Moved, HubUnreachable) as problem:
                last = str(problem)
                self._wait(turn)
                continue
            return Booked((*books.rows, *fresh), fresh, books.bad)
        raise HubUnreachable(
            f"The branch factory-ledger could not be written in {TRIES} tries: run the job again. Last: {last[-300:]}"
        )

    def _read(self) -> Books:
        self._ready()
        if not self.remote.fetch(BRANCH, LOCAL, depth=1):
            return Books("", ())
        commit = self.remote.git("rev-parse", LOCAL).decode().strip()
        names = sorted(filter(_FILE.fullmatch, self.remote.git("ls-tree", "--name-only", commit).decode().split()))
        found: dict[str, Row] = {}
        bad = 0
        for name in names[-MONTHS:]:
            for line in self._file(commit, name).splitlines():
                row = _row(line)
                if row is None:
                    bad += bool(line.strip())
                else:
                    found.setdefault(row.id, row)
        return Books(commit, tuple(found.values()), bad)

    def _file(self, commit: str, name: str) -> bytes:
        try:
            return self.remote.git("cat-file", "blob", f"{commit}:{name}")
        except GitProblem:
            return b""

    def _commit(self, books: Books, rows: tuple[Row, ...]) -> str:
        """The rows appended to the file of their month."""
        env = {"GIT_INDEX_FILE": str(self.folder / "index-books")}
        self.remote.git("read-tree", books.commit or "--empty", env=env)
        for name in sorted({f"{row.at[:7]}.jsonl" for row in rows}):
            before = self._file(books.commit, name) if books.commit else b""
            if before and not before.endswith(b"\n"):
                before += b"\n"
            lines = "".join(
                f"{row.model_dump_json(exclude_defaults=True)}\n" for row in rows if f"{row.at[:7]}.jsonl" == name
            )
            oid = self.remote.git("hash-object", "-w", "--stdin", stdin=before + lines.encode()).decode().strip()
            self.remote.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{name}", env=env)
        tree = self.remote.git("write-tree", env=env).decode().strip()
        who = {f"GIT_{kind}_{key}": value for kind in ("AUTHOR", "COMMITTER")
               for key, value in zip(("NAME", "EMAIL", "DATE"), (*AUTHOR, rows[-1].at), strict=True)}  # fmt: skip
        parents = ("-p", books.commit) if books.commit else ()
        words = "\n".join(f"{row.kind} {row.run}" for row in rows)
        return self.remote.git("commit-tree", tree, *parents, "-m", words, env=who).decode().strip()

    def _ready(self) -> None:
        if not (self.folder / "HEAD").is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            run_git(self.folder, "init", "--bare", "--quiet", "--template=", ".")

    def _wait(self, turn: int) -> None:
        """Longer each time, and never two machines in step."""
        self.clock.sleep(min(0.2 * 2**turn, 15) * (0.5 + random.random()))  # noqa: S311  jitter, no secret


def _row(line: bytes) -> Row | None:
    if len(line) > LINE:
        return None
    try:
        return Row.from_json(line)
    except ValidationError:
        return None
