"""Merges in the object store, without a work tree: a run's steps once more on another head, two commits in one tree.

Git says by its exit status whether a merge is clean (0), conflicts (1), or could not be done at all (anything else):
only the second is ever called a conflict.
"""

import subprocess
from dataclasses import dataclass

from factory.contracts.errors import GitProblem
from factory.contracts.run import Run
from factory.git import AUTHOR, Store, command
from factory.handover.trees import candidate_steps


@dataclass(frozen=True)
class Merged:
    """`tree` holds the files as git leaves them, with markers where it found no way; `conflicts`: those files."""

    tree: str
    conflicts: tuple[str, ...] = ()


def merged(store: Store, ours: str, theirs: str) -> Merged:
    """Two commits. Raises GitProblem when git cannot do it (no common history, a git before 2.38)."""
    argv, environment = command("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
    done = subprocess.run(argv, cwd=store.folder, env=environment, capture_output=True, check=False)
    fields = done.stdout.decode(errors="surrogateescape").split("\0")
    if done.returncode not in (0, 1) or not fields[0]:
        raise GitProblem(f"git merge-tree: {done.stderr.decode(errors='replace').strip()[-300:] or 'no answer'}")
    return Merged(fields[0], tuple(dict.fromkeys(filter(None, fields[1:]))))


def onto(store: Store, run: Run, head: str) -> Run | None:
    """The run as if it had begun at `head`: each of its steps merged there, in order. None: one does not merge
    cleanly. Raises GitProblem."""
    if run.waves or run.merge:
        return None
    start = run.repo.commit
    now, trees = head, []
    for _, after in candidate_steps(run):
        step = store.commit(after, start, "step", run.created)
        found = merged(store, now, step)
        if found.conflicts:
            return None
        trees.append(found.tree)
        start, now = step, commit(store, found.tree, (now, step), "step", run.created)  # the next one's common ancestor
    if not trees:
        return None
    tree = store.git("rev-parse", "--verify", f"{head}^{{tree}}").decode().strip()
    repo = run.repo.but(commit=head, tree=tree)
    return run.but(repo=repo, fix_trees=tuple(trees), tree=trees[-1])


def commit(store: Store, tree: str, parents: tuple[str, ...], message: str, when: str) -> str:
    """A commit object with our author, of any number of parents: the same input gives the same id."""
    name, mail = AUTHOR
    who = {f"GIT_{kind}_{key}": value for kind in ("AUTHOR", "COMMITTER")
           for key, value in (("NAME", name), ("EMAIL", mail), ("DATE", when))}  # fmt: skip
    above = [word for parent in parents for word in ("-p", parent)]
    return store.git("commit-tree", tree, *above, "-F", "-", stdin=message.encode(), env=who).decode().strip()


def is_ancestor(store: Store, old: str, new: str) -> bool:
    """Raises GitProblem when git cannot tell."""
    argv, environment = command("merge-base", "--is-ancestor", old, new)
    done = subprocess.run(argv, cwd=store.folder, env=environment, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise GitProblem(f"git merge-base: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.returncode == 0
