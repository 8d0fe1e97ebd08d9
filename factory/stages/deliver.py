"""deliver: tree -> branch and pull request. Idempotent: what is there already is found and updated, never doubled."""

import re

from factory.contracts.change import Change
from factory.contracts.run import Commit, Delivery, Run
from factory.render.pull import body, title
from factory.stages.shop import Shop
from factory.stages.verify import accepted


def deliver(run: Run, shop: Shop) -> Run:
    """Commits, branch, pull request, in this order; a draft unless it is `ready`."""
    commits = _commits(run, shop)
    name = branch_name(run)
    head = commits[-1].sha
    existing = shop.branches.branch(name)
    if existing != head:
        shop.journal.check(run.id)
        shop.branches.push(name, head, existing)
    run = run.but(delivery=Delivery(branch=name, commits=commits))
    marker = f"<!-- factory:v1 run={run.id} kind=pull -->"
    text = body(shop.story(run), marker)
    draft = not ready(run)
    shop.journal.check(run.id)
    found = shop.pulls.find(marker)
    if found:
        pull = shop.pulls.update(found.number, title(run), text, draft)
    else:
        pull = shop.pulls.open(title(run), text, name, run.repo.ref, draft)
    return run.but(delivery=Delivery(branch=name, commits=commits, pull=pull))


def ready(run: Run) -> bool:
    """May a person merge it after reading? Accepted by the judge; or a run without a model whose tests are green."""
    if run.task and run.task.kind == "tidy":
        return bool(run.evidence and run.evidence.green)
    return bool(run.rounds) and run.rounds[-1].decision == "accept"


def branch_name(run: Run) -> str:
    """`factory/<issue>-<slug>-<key8>`: only letters, digits and dashes of the title get in."""
    assert run.task
    slug = re.sub(r"[^a-z0-9]+", "-", run.task.title.lower()).strip("-")[:40].strip("-") or "change"
    return f"factory/{run.task.number}-{slug}-{run.key}"


def _commits(run: Run, shop: Shop) -> tuple[Commit, ...]:
    """One commit a change; same run, same ids. The trees are those that were there before the tests ran."""
    parent, commits = run.repo.commit, []
    for change, tree in zip(accepted(run), _trees(run), strict=True):
        message = f"{_line(change.title)}\n\n{_trailers(run, change)}"
        parent = shop.trees.commit(tree, parent, message, run.created)
        commits.append(Commit(sha=parent, unit=change.unit, title=_line(change.title)))
    return tuple(commits)


def _trees(run: Run) -> tuple[str, ...]:
    found, before = [], run.repo.tree
    for tree in (tree for wave in run.waves for tree in wave.trees):
        if tree != before:
            found.append(tree)
        before = tree
    return (*found, *run.fix_trees)


def _trailers(run: Run, change: Change) -> str:
    """Names only: the trailer block must not be forgeable by a model's text."""
    models = [_line(model) for model in change.models] or ["none"]
    lines = [f"Factory-Run: {run.id}", f"Factory-Unit: {change.unit}", f"Factory-Role: {change.role}"]
    return "\n".join([*lines, *(f"Factory-Model: {model}" for model in models)])


def _line(text: str) -> str:
    """One line of printable text, at most 120 characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:120] or "Change"
