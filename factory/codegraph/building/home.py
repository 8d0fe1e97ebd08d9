"""Where a repository's graph lies: one file under the state folder, shared by all its worktrees and runs."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from factory.codegraph.building.sources import source_of_store
from factory.codegraph.store.store import GraphStore, silent
from factory.codegraph.view import View
from factory.contracts.record import digest
from factory.files import trusted_folder
from factory.git import Store, git_folder


def store_for(repo: Path, state: Path, notify: Callable[[str], None] = silent) -> GraphStore:
    """The store of the repository at `repo`, under the state folder `state`. Raises UsageProblem for no repository."""
    key = digest(str(git_folder(repo).resolve()))[:16]
    return GraphStore(trusted_folder(state) / "graph" / f"{key}.db", notify)


def viewer(repo: Path, state: Path, trees: Store, commit: str) -> Callable[[str], View]:
    """Makes the view of any tree of a run that grew from `commit`, a draft's too; each view is for one thread.

    The store is opened when it is first asked for: what that raises, the view raises.
    """

    @cache
    def store() -> GraphStore:
        return store_for(repo, state)

    def view(tree: str) -> View:
        from factory.codegraph.building.build import view_of

        return view_of(store(), source_of_store(trees, tree, commit))[0]

    return view
