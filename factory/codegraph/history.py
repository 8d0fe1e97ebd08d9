"""The newest commits before a tree, kept in the store so that only new ones are asked of git."""

from collections.abc import Sequence
from pathlib import Path

from factory.codegraph.store import GraphStore
from factory.codegraph.view import Commit

MOST = 3000  # commits
WIDE = 30  # files: a commit that touches more says nothing about which belong together
DAY = 86400


def commits_of(store: GraphStore, folder: Path, commit: str) -> Sequence[Commit]:
    return ()
