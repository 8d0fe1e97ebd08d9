"""The local forge: branches in the user's own repository, pull requests as files in the state directory."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factory.contracts.errors import GitProblem, UsageProblem
from factory.contracts.record import Record, ValidationError
from factory.contracts.run import Pull
from factory.files import write_whole
from factory.git import Store, run_git

_NAME = re.compile(r"factory/[A-Za-z0-9][A-Za-z0-9-]*")


class LocalBranches:
    """Implements BranchForge. The checkout, its index and its current branch are never touched, no hook runs."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def branch(self, name: str) -> str:
        try:
            return run_git(self.store.target, "rev-parse", "--verify", "--quiet", _ref(name)).decode().strip()
        except GitProblem:
            return ""

    def push(self, name: str, commit: str, expected: str) -> None:
        """Bring the objects over, then move the ref by compare-and-swap."""
        self.store.git("update-ref", _ref(name), commit)
        run_git(self.store.target, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc",
                "--no-recurse-submodules", str(self.store.folder), _ref(name))  # fmt: skip
        run_git(self.store.target, "update-ref", _ref(name), commit, expected or "0" * 40)


def _ref(name: str) -> str:
    """The full ref of one of our branches. Raises GitProblem for any other name."""
    if not _NAME.fullmatch(name):
        raise GitProblem(f"{name!r} is not a branch of the factory's.")
    return f"refs/heads/{name}"


class _Stored(Record):
    """One pull request as it lies on disk."""

    pull: Pull
    body: str


class LocalPulls:
    """Implements PullForge: `<n>.json` holds the record, `<n>.md` the text for reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, marker: str) -> Pull | None:
        return next((stored.pull for stored in self._all() if stored.body.rstrip().endswith(marker)), None)

    def open(self, title: str, body: str, branch: str, base: str, draft: bool) -> Pull:
        with self._lock():
            number = max((stored.pull.number for stored in self._all()), default=0) + 1
            url = str(self.folder / f"{number}.md")
            pull = Pull(number=number, url=url, draft=draft, title=title, branch=branch, base=base)
            self._write(_Stored(pull=pull, body=body))
        return pull

    def update(self, number: int, title: str, body: str, draft: bool) -> Pull:
        with self._lock():
            stored = self._read(self.folder / f"{number}.json")
            pull = stored.pull.but(title=title, draft=draft)
            self._write(_Stored(pull=pull, body=body))
        return pull

    def _write(self, stored: _Stored) -> None:
        """The text first: a pull request exists once its record does."""
        pull = stored.pull
        state = "draft" if pull.draft else "ready for review"
        head = f"# {pull.title}\n\n`{pull.branch}` into `{pull.base}` · {state}\n\n"
        write_whole(self.folder / f"{pull.number}.md", head + stored.body + "\n")
        write_whole(self.folder / f"{pull.number}.json", stored.to_json(indent=2) + "\n")

    def _all(self) -> list[_Stored]:
        return [self._read(path) for path in sorted(self.folder.glob("*.json"))]

    def _read(self, path: Path) -> _Stored:
        try:
            return _Stored.from_json(path.read_bytes())
        except FileNotFoundError:
            raise UsageProblem(f"There is no pull request {path.stem} in {path.parent}.") from None
        except ValidationError:
            raise UsageProblem(f"The pull request file {path} is damaged: move it aside.") from None

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One writer at a time, also across processes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
