"""The commits of a candidate: one a change, the same run gives the same ids."""

from factory.contracts.change import Change
from factory.contracts.run import Commit, Run
from factory.contracts.seams import TreeWriter
from factory.git import Store
from factory.handover.replay import commit
from factory.handover.trees import MERGE, candidate_steps
from factory.render.text import line, quiet


def accepted(run: Run) -> tuple[Change, ...]:
    """Every change that is part of the candidate, in order: units by wave, then fixes."""
    return tuple(change for change, _ in candidate_steps(run))


def commits_of(run: Run, trees: TreeWriter) -> tuple[Commit, ...]:
    """Commit objects in the run's own store, each on top of the one before, of trees that no test has touched."""
    parent, commits = run.repo.commit, []
    for change, tree in candidate_steps(run):
        title = _line(change.title)
        text = f"{title}\n\n{_trailers(run, change)}"
        if change.unit == MERGE and run.merge and isinstance(trees, Store):
            parent = commit(trees, tree, (parent, run.merge.base), text, run.created)
        else:
            parent = trees.commit(tree, parent, text, run.created)
        commits.append(Commit(sha=parent, unit=change.unit, title=title))
    return tuple(commits)


def _trailers(run: Run, change: Change) -> str:
    """Names only: the trailer block must not be forgeable by a model's text."""
    models = [_line(model) for model in change.models] or ["none"]
    lines = [f"Factory-Run: {run.id}", f"Factory-Unit: {change.unit}", f"Factory-Role: {change.role}"]
    return "\n".join([*lines, *(f"Factory-Model: {model}" for model in models)])


def _line(text: str) -> str:
    """One line of printable text, at most 120 characters, that mentions nobody and closes no issue."""
    return quiet(line(text, 120)) or "Change"
