"""Where a repository's graph lies: one file under the state folder, shared by all its worktrees and runs."""

from collections.abc import Callable
from pathlib import Path

from factory.codegraph.store import GraphStore, silent
from factory.contracts.record import digest
from factory.files import trusted_folder
from factory.git import git_folder


def store_for(repo: Path, state: Path, notify: Callable[[str], None] = silent) -> GraphStore:
    """The store of the repository at `repo`, under the state folder `state`. Raises UsageProblem for no repository."""
    key = digest(str(git_folder(repo).resolve()))[:16]
    return GraphStore(trusted_folder(state) / "graph" / f"{key}.db", notify)
