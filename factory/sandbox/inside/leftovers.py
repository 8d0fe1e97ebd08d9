"""What remains when the commands have ended: files for the host, readable environments."""

import contextlib
import os
import stat

BYTES = 16 * 1024 * 1024
FILES = 2000


def collect(root: str) -> tuple[list[tuple[str, bytes]], bool]:
    """(name, bytes) of the regular files under `root`, and whether some were left out. No symlink is followed."""
    found: list[tuple[str, bytes]] = []
    size, skipped = 0, False
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if not stat.S_ISREG(info.st_mode):
                continue
            if size + info.st_size > BYTES or len(found) >= FILES:
                skipped = True
                continue
            with contextlib.suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                data = file.read(info.st_size)
                size += len(data)
                found.append((os.path.relpath(path, root), data))
    return found, skipped


def open_up(root: str) -> None:
    """Environments are built by one user and read by another: everything readable, nothing setuid."""
    for folder, folders, names in os.walk(root):
        for name in [".", *folders, *names]:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode):
                more = 0o555 if stat.S_ISDIR(mode) or mode & 0o100 else 0o444
                with contextlib.suppress(OSError):
                    os.chmod(path, stat.S_IMODE(mode) & 0o777 | more)
