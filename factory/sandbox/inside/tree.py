"""Lays the exported tree out at /work. No path of it is trusted, although it can only reach the sandbox's own disk."""

import contextlib
import errno
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from typing import IO, Any


class Full(Exception):
    """The tree does not fit on the sandbox's disk."""


def lay_out(spec: dict[str, Any], blob: IO[bytes], tar: int) -> None:
    """Extract the tree, then remove `absent`, then write `overlay` (whose bytes follow in `blob`). Raises Full."""
    root = spec["work"]
    try:
        if tar >= 0:
            extract(tar, root)
        for name in spec["absent"]:
            path = place(root, name, make=False)
            if path:
                remove(path)
        for name, size in spec["overlay"]:
            put_over(place(root, name) or "", blob.read(size))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Full from None
        raise


def extract(tar: int, root: str) -> None:
    """Folders, regular files and symlinks of a tar stream; anything else is left out."""
    with os.fdopen(tar, "rb") as raw, tarfile.open(fileobj=raw, mode="r|", errors="surrogateescape") as stream:
        for member in stream:
            if member.name.strip("/"):
                _extract_one(stream, member, place(root, member.name) or "")
        while raw.read(1 << 20):
            pass  # the padding: closing early would end git with SIGPIPE


def _extract_one(stream: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    if member.isdir():
        if os.path.islink(path) or not os.path.isdir(path):
            remove(path)
            os.mkdir(path)
    elif member.issym():
        remove(path)
        os.symlink(member.linkname, path)
    elif member.isreg():
        source = stream.extractfile(member)
        if source is not None:
            write(path, lambda file: shutil.copyfileobj(source, file), member.mode)


def place(root: str, name: str, make: bool = True) -> str | None:
    """The path of `name` under `root`; a parent that is not a real folder is replaced, so no symlink is followed.

    Without `make`: None when a parent is missing or not a real folder. Raises ValueError on a path that leaves `root`.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or "\0" in name or name.startswith("/"):
        raise ValueError(f"bad path {name!r}")
    folder = root
    for part in parts[:-1]:
        folder = os.path.join(folder, part)
        if os.path.islink(folder) or not os.path.isdir(folder):
            if not make:
                return None
            remove(folder)
            os.mkdir(folder)
    return os.path.join(folder, parts[-1])


def put_over(path: str, data: bytes) -> None:
    """Replace or add one file; an executable one stays executable."""
    old = os.lstat(path).st_mode if os.path.lexists(path) else 0
    write(path, lambda file: file.write(data), old if stat.S_ISREG(old) else 0o644)


def write(path: str, fill: Callable[[IO[bytes]], object], mode: int) -> None:
    remove(path)
    with open(path, "xb") as file:
        fill(file)
        file.flush()
        os.fchmod(file.fileno(), 0o755 if mode & 0o100 else 0o644)


def remove(path: str) -> None:
    """Whatever is there, without following it."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(path)
