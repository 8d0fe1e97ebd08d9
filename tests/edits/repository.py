"""Small real repositories for the tests of edits, code graph and context."""

import os
from collections.abc import Mapping
from pathlib import Path

from factory.contracts.change import Edit
from factory.edits.draft import Draft
from factory.edits.paths import PathPolicy
from factory.git import Store, run_git


def make_store(folder: Path, files: Mapping[str, bytes | str], links: Mapping[str, str] | None = None) -> "Made":
    """A committed repository with these files and symlinks, and a store over it. A path ending in `!` is executable."""
    target = folder / "target"
    target.mkdir()
    run_git(target, "init", "--quiet", ".")
    for name, data in files.items():
        path = target / name.removesuffix("!")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        if name.endswith("!"):
            path.chmod(0o755)
    for name, to in (links or {}).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.symlink(to, target / name)
    run_git(target, "add", "-A", "-f")
    run_git(
        target, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "--allow-empty", "-m", "x"
    )
    tree = run_git(target, "rev-parse", "HEAD^{tree}").decode().strip()
    return Made(Store(folder / "store", target), tree, target)


class Made:
    def __init__(self, store: Store, tree: str, target: Path) -> None:
        self.store, self.tree, self.target = store, tree, target

    def draft(self, *lease: str, removes: tuple[str, ...] = (), policy: PathPolicy | None = None) -> Draft:
        return Draft(self.store, self.tree, lease or ("**",), policy or PathPolicy(), removes)

    def bytes_of(self, tree: str, path: str) -> bytes:
        return self.store.read(self.store.entries(tree)[path].oid)


def replace(path: str, search: str, text: str) -> Edit:
    return Edit(kind="replace", path=path, search=search, text=text)


def write(path: str, text: str) -> Edit:
    return Edit(kind="write", path=path, text=text)


def delete(path: str) -> Edit:
    return Edit(kind="delete", path=path)


def rename(path: str, target: str) -> Edit:
    return Edit(kind="rename", path=path, target=target)
