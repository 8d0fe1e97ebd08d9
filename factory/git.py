"""Git, as an object store of our own that borrows the target's objects.

A run never has a checkout: trees are read and written as objects in a private bare repository under the state
directory (`objects/info/alternates` points at the target). So the target's hooks, filters, fsmonitor and
configuration never run, and no path of a tree is ever a path on this disk. See docs/decisions/0001.
"""

import contextlib
import errno
import functools
import itertools
import os
import re
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from factory.contracts.change import FileChange
from factory.contracts.errors import GitProblem, UsageProblem, disk_problem
from factory.contracts.seams import Entry

_OID = re.compile("[0-9a-f]{40,64}")
AUTHOR = ("Dark Factory", "factory@localhost")
_SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "core.quotePath=false",
    "-c", "protocol.allow=never", "-c", "protocol.file.allow=always", "-c", "core.attributesFile=/dev/null",
    "-c", "core.alternateRefsCommand=true", "-c", "core.fsync=loose-object,pack,reference",
    "-c", "safe.directory=*",
)  # fmt: skip


def _environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A closed environment: no user or system configuration, no prompts, no inherited GIT_*."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        **(extra or {}),
    }


def command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """What a process of ours runs that asks git by itself, and its whole environment."""
    return ["git", *_SAFE, *arguments], _environment()


def run_git(folder: Path, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
    """Run git in `folder`, return stdout. Raises GitProblem with git's own last words."""
    try:
        done = subprocess.run(["git", *_SAFE, *arguments], cwd=folder, input=stdin, env=_environment(env),
                              capture_output=True, check=False)  # fmt: skip
    except FileNotFoundError:
        if not folder.exists():
            raise UsageProblem(f"{folder} does not exist: give --repo the path of a git repository.") from None
        raise UsageProblem("git is not installed: install it (apt-get install git).") from None
    except NotADirectoryError:
        raise UsageProblem(f"{folder} is not a folder: give --repo the path of a git repository.") from None
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        if os.strerror(errno.ENOSPC) in words or full(folder):
            raise disk_problem(OSError(errno.ENOSPC, words), folder)
        if os.strerror(errno.EROFS) in words:
            raise disk_problem(OSError(errno.EROFS, os.strerror(errno.EROFS)), folder)
        raise GitProblem(f"git {arguments[0]}: {words[-500:] or f'exit code {done.returncode}'}")
    return done.stdout


def full(folder: Path) -> bool:
    """Git and SQLite do not always say why they could not write."""
    try:
        return os.statvfs(folder).f_bavail < 4
    except OSError:
        return False


def git_folder(path: Path) -> Path:
    """The target's common git directory. Raises UsageProblem when `path` is not in a repository."""
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise UsageProblem(f"{path.absolute()} {what}: give --repo the path of a git repository.")
    try:
        raw = run_git(path, "rev-parse", "--path-format=absolute", "--git-common-dir")
    except GitProblem:
        raise UsageProblem(
            f"{path.absolute()} is not a git repository: run `git init` there and commit, or name another with --repo."
        ) from None
    return Path(os.fsdecode(raw).rstrip("\n"))


def borrow(folder: Path, target: Path) -> None:
    """The bare repository at `folder` uses the objects of `target` from now on, and of nobody else."""
    borrowed = git_folder(target)
    if (borrowed / "shallow").is_file():  # where history ends there, it ends here
        (folder / "shallow").write_bytes((borrowed / "shallow").read_bytes())
    alternates = folder / "objects" / "info" / "alternates"
    alternates.parent.mkdir(parents=True, exist_ok=True)
    ready = alternates.with_suffix(".new")  # this file says that the store is complete, so it comes last and whole
    ready.write_text(f"{borrowed / 'objects'}\n")
    ready.replace(alternates)


class Store:
    """A private bare repository at `folder` that borrows the objects of `target` (a repository's path)."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder = folder
        self.target = target
        self._lock = threading.Lock()
        self._entries: dict[str, Mapping[str, Entry]] = {}
        self._blobs = _Blobs(folder)
        if not (folder / "objects" / "info" / "alternates").is_file():
            self._create()

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        run_git(self.folder, "init", "--bare", "--quiet", "--template=", ".")
        info = self.folder / "info"
        info.mkdir(exist_ok=True)
        # the export is the tree as it is: .gitattributes may not hide tests or rewrite files on the way out
        (info / "attributes").write_text("* -export-ignore -export-subst -filter -ident -working-tree-encoding\n")
        borrow(self.folder, self.target)

    def git(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        return run_git(self.folder, *arguments, stdin=stdin, env=env)

    def entries(self, tree: str) -> Mapping[str, Entry]:
        """Every file of a tree by path. Paths that are not UTF-8 keep their bytes as surrogates."""
        with self._lock:
            found = self._entries.get(tree)
        if found is None:
            raw = self.git("ls-tree", "-r", "-z", "--long", "--full-tree", tree)
            found = {entry.path: entry for entry in map(_entry, raw.split(b"\0")[:-1])}
            with self._lock:
                if len(self._entries) >= 4:
                    self._entries.pop(next(iter(self._entries)))
                self._entries[tree] = found
        return found

    def read(self, oid: str) -> bytes:
        return self._blobs.read(oid)

    def diff(self, old: str, new: str, paths: Sequence[str] = ()) -> str:
        raw = self.git("diff-tree", "-r", "-p", "--no-ext-diff", "--no-textconv", "--find-renames", "--full-index",
                       old, new, "--", *(f":(literal){path}" for path in paths))  # fmt: skip
        return raw.decode(errors="replace")

    def changed(self, old: str, new: str) -> tuple[FileChange, ...]:
        """What differs, renames as delete and write."""
        fields = _changes(self.folder, old, new)
        before, after = self.entries(old), self.entries(new)
        found = []
        for raw in fields[1::2]:
            path = os.fsdecode(raw)
            if path in after:
                entry = after[path]
                found.append(FileChange(path=path, op="write", mode=entry.mode, oid=entry.oid, size=entry.size))
            else:
                found.append(FileChange(path=path, op="delete", mode=before[path].mode))
        return tuple(found)

    def grep(self, tree: str, pattern: str, glob: str = "", literal: bool = False, most: int = 1000) -> tuple[str, ...]:
        """Raises GitProblem when the pattern is none; give untrusted ones without backreferences (they cost time)."""
        command = ["git", *_SAFE, "grep", "-n", "-I", "--full-name", "--no-color", "-F" if literal else "-E",
                   "-e", pattern, tree, "--", *([f":(glob){glob}"] if glob else [])]  # fmt: skip
        with subprocess.Popen(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_environment(),
        ) as process:  # fmt: skip
            assert process.stdout
            lines = list(itertools.islice(process.stdout, most))
            if len(lines) == most:
                process.kill()
        if not lines and process.returncode not in (0, 1):
            raise GitProblem(f"git grep: {pattern!r} is not a regular expression.")
        return tuple(line.decode(errors="replace").rstrip("\n").removeprefix(f"{tree}:") for line in lines)

    def blob(self, data: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", "--no-filters", stdin=data).decode().strip()

    def overlay(self, tree: str, files: Sequence[FileChange]) -> str:
        """`tree` with the changes on top, as a new tree. Raises GitProblem on a path git itself refuses."""
        with self._index(tree) as env:
            lines = []
            for change in files:
                mode, oid = ("0", "0" * 40) if change.op == "delete" else (change.mode, change.oid)
                lines.append(f"{mode} {oid}\t".encode() + os.fsencode(change.path) + b"\0")
            self.git("update-index", "-z", "--index-info", stdin=b"".join(lines), env=env)
            return self.git("write-tree", env=env).decode().strip()

    def commit(self, tree: str, parent: str, message: str, when: str) -> str:
        """A commit object with our author and the given ISO date: the same input gives the same id."""
        return _commit(self.folder, tree, parent, message, when)

    def archive(self, tree: str, output: int) -> "subprocess.Popen[bytes]":
        """Start writing the tree as a tar stream to the file descriptor `output`."""
        return subprocess.Popen(
            ["git", *_SAFE, "archive", "--format=tar", tree], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.DEVNULL, env=_environment(),
        )  # fmt: skip

    @contextlib.contextmanager
    def _index(self, tree: str) -> Iterator[dict[str, str]]:
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="index-") as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git("read-tree", tree, env=env)
            yield env


@functools.lru_cache(maxsize=256)  # objects never change, and judge, report and deliver ask for the same ones
def _commit(folder: Path, tree: str, parent: str, message: str, when: str) -> str:
    name, mail = AUTHOR
    who = {f"GIT_{kind}_{key}": value for kind in ("AUTHOR", "COMMITTER")
           for key, value in (("NAME", name), ("EMAIL", mail), ("DATE", when))}  # fmt: skip
    raw = run_git(folder, "commit-tree", tree, "-p", parent, "-F", "-", stdin=message.encode(), env=who)
    return raw.decode().strip()


@functools.lru_cache(maxsize=64)
def _changes(folder: Path, old: str, new: str) -> tuple[bytes, ...]:
    return tuple(run_git(folder, "diff-tree", "-r", "-z", "--no-renames", old, new).split(b"\0"))


class _Blobs:
    """Reads blobs through one `git cat-file --batch`: a proof reads hundreds, and a process each costs seconds.

    The process is started with the first read and ends when its input is closed: with this object, or with us.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, oid: str) -> bytes:
        """Raises GitProblem when there is no such blob."""
        if not _OID.fullmatch(oid):
            raise GitProblem(f"{oid!r} is not the id of an object.")
        with self._lock:
            for _ in range(2):  # a process that somebody ended (Ctrl-C goes to all of a terminal) is started anew
                try:
                    return self._ask(oid)
                except (BrokenPipeError, EOFError):
                    self._close()
                except BaseException:  # interrupted half-way: what is still in the pipe is not the next answer
                    self._close()
                    raise
        raise GitProblem(f"git cat-file: does not answer in {self._folder}.")

    def _ask(self, oid: str) -> bytes:
        process = self._process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{oid}\n".encode())
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise EOFError
        if b" blob " not in line:
            raise GitProblem(f"git cat-file: {line.decode().strip()}, and not a blob.")
        size = int(line.split()[2])
        data = process.stdout.read(size + 1)
        if len(data) != size + 1:
            raise EOFError
        return data[:-1]

    def _start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            ["git", *_SAFE, "cat-file", "--batch"], cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=_environment(),
        )  # fmt: skip
        self._end = weakref.finalize(self, _stop, process)
        return process

    def _close(self) -> None:
        if self._process is not None:
            self._process = None
            self._end()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    with contextlib.suppress(BrokenPipeError):
        process.communicate()


def _entry(line: bytes) -> Entry:
    meta, path = line.split(b"\t", 1)
    mode, _, oid, size = meta.split()
    return Entry(path=os.fsdecode(path), mode=mode.decode(), oid=oid.decode(), size=0 if size == b"-" else int(size))
