"""Files written so that a crash leaves the old one or the new one, never half of one."""

import contextlib
import os
import tempfile
from pathlib import Path

from factory.contracts.errors import UsageProblem, disk_problem
from factory.contracts.record import digest


def write_whole(path: Path, data: bytes | str) -> None:
    """Write to a temporary name in the same folder, fsync, rename, fsync the folder.

    Raises Stopped('disk_full') or Stopped('state_unusable') with the remedy.
    """
    raw = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise disk_problem(error, path) from error


class BlobFolder:
    """Content-addressed bytes in a folder: `ab/cdef…`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes) -> str:
        key = digest(data)
        path = self.path(key)
        if not path.exists():
            write_whole(path, data)
        return key

    def get(self, key: str) -> bytes:
        """Raises UsageProblem when the blob is missing or damaged."""
        try:
            data = self.path(key).read_bytes()
        except FileNotFoundError:
            raise UsageProblem(f"The run's blob {key[:12]} is missing from {self.root}: start a new run.") from None
        if digest(data) != key:
            raise UsageProblem(f"The run's blob {key[:12]} is damaged: start a new run.")
        return data

    def find(self, key: str) -> bytes | None:
        """The bytes, None when they are not here any more. Raises UsageProblem when they are damaged."""
        return self.get(key) if self.path(key).is_file() else None

    def path(self, key: str) -> Path:
        if len(key) != 64 or not all(letter in "0123456789abcdef" for letter in key):
            raise UsageProblem(f"{key!r} is not a sha256: the run's file is damaged.")
        return self.root / key[:2] / key[2:]


def trusted_folder(path: Path) -> Path:
    """Create `path` for us alone and refuse one that somebody else could have planted.

    Raises UsageProblem when the folder itself is a symlink, belongs to another user, or others may write to it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise disk_problem(error, path) from error
    info = path.lstat()
    if path.is_symlink() or path.resolve() != path.absolute():
        raise UsageProblem(f"The state directory {path} is reached through a symlink: name the real folder.")
    if info.st_uid != os.geteuid():
        raise UsageProblem(f"The state directory {path} belongs to another user: choose one of your own.")
    if info.st_mode & 0o022:
        raise UsageProblem(f"The state directory {path} is writable by others: run `chmod 700 {path}`.")
    return path
