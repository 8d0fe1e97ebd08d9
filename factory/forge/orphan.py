"""Lines of text on an orphan branch, in one file a month, read and appended by real git.

A push that is not forced is the compare-and-swap: GitHub takes it only when the branch is where it was read. On a
rejection the files are read again and the decision is made again. docs/github.md#books
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from factory.contracts.errors import GitProblem, HubUnreachable
from factory.contracts.seams import Clock
from factory.forge.remote import Moved, Remote
from factory.git import AUTHOR, run_git

TRIES = 12
MONTHS = 13  # files that are read
_FILE = re.compile(r"\d{4}-\d{2}\.jsonl")


@dataclass(frozen=True)
class Tip:
    """What stood there at `commit` ("": no branch yet): the newest files by name, oldest first."""

    commit: str
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Addition:
    """Lines to append, by file, and what the commit says. `drop`: files that are taken out."""

    lines: Mapping[str, bytes]
    message: str
    when: str  # ISO 8601
    drop: tuple[str, ...] = ()


class OrphanBranch:
    """One branch of one repository. The remote's folder is a bare repository of our own, made on first use."""

    def __init__(self, remote: Remote, clock: Clock, branch: str) -> None:
        self.folder, self.clock, self.remote = remote.folder, clock, remote
        self.branch, self.local = f"refs/heads/{branch}", f"refs/tips/{branch}"

    def read(self) -> Tip:
        """Raises HubProblem; no answer is tried again."""
        for turn in range(TRIES):
            try:
                return self._read()
            except HubUnreachable:
                if turn == TRIES - 1:
                    raise
                self._wait(turn)
        raise AssertionError("unreachable")

    def append(self, decide: Callable[[Tip], Addition | None]) -> None:
        """Write what `decide` wants on top of what is there, None = nothing (any more).

        `decide` is asked again whenever the branch has moved on: an earlier push of ours whose answer was lost is
        found by reading. Raises HubProblem when it cannot be written.
        """
        last = ""
        for turn in range(TRIES):
            tip = self.read()
            wanted = decide(tip)
            if wanted is None:
                return
            try:
                self.remote.push(self._commit(tip.commit, wanted), self.branch)
            except (Moved, HubUnreachable) as problem:
                last = str(problem)
                self._wait(turn)
                continue
            return
        name = self.branch.removeprefix("refs/heads/")
        raise HubUnreachable(
            f"The branch {name} could not be written in {TRIES} tries: run the job again. Last: {last[-300:]}"
        )

    def _read(self) -> Tip:
        self._ready()
        if not self.remote.fetch(self.branch, self.local, depth=1):
            return Tip("")
        commit = self.remote.git("rev-parse", self.local).decode().strip()
        names = sorted(filter(_FILE.fullmatch, self.remote.git("ls-tree", "--name-only", commit).decode().split()))
        return Tip(commit, {name: self._file(commit, name) for name in names[-MONTHS:]})

    def _file(self, commit: str, name: str) -> bytes:
        try:
            return self.remote.git("cat-file", "blob", f"{commit}:{name}")
        except GitProblem:
            return b""

    def _commit(self, parent: str, wanted: Addition) -> str:
        env = {"GIT_INDEX_FILE": str(self.folder / "index-lines")}
        self.remote.git("read-tree", parent or "--empty", env=env)
        for name in wanted.drop:
            self.remote.git("update-index", "--force-remove", "--", name, env=env)
        for name, lines in sorted(wanted.lines.items()):
            before = self._file(parent, name) if parent else b""
            if before and not before.endswith(b"\n"):
                before += b"\n"
            oid = self.remote.git("hash-object", "-w", "--stdin", stdin=before + lines).decode().strip()
            self.remote.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{name}", env=env)
        tree = self.remote.git("write-tree", env=env).decode().strip()
        who = {f"GIT_{kind}_{key}": value for kind in ("AUTHOR", "COMMITTER")
               for key, value in zip(("NAME", "EMAIL", "DATE"), (*AUTHOR, wanted.when), strict=True)}  # fmt: skip
        parents = ("-p", parent) if parent else ()
        return self.remote.git("commit-tree", tree, *parents, "-m", wanted.message, env=who).decode().strip()

    def _ready(self) -> None:
        if not (self.folder / "HEAD").is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            run_git(self.folder, "init", "--bare", "--quiet", "--template=", ".")

    def _wait(self, turn: int) -> None:
        """Longer each time, and never two machines in step."""
        self.clock.sleep(min(0.2 * 2**turn, 15) * (0.5 + random.random()))  # noqa: S311  jitter, no secret
