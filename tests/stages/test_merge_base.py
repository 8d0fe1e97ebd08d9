"""A branch that conflicts with its base: both sides are shown and kept, and the ship job makes the merge again."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from factory.contracts.change import Change
from factory.contracts.errors import Refusal
from factory.contracts.evidence import Evidence
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.contracts.ticket import Ticket
from factory.edits.paths import PathPolicy
from factory.git import Store
from factory.handover.arrival import inspect
from factory.handover.replay import merged
from factory.handover.trees import MERGE
from factory.settings import Settings
from factory.stages.commits import commits_of
from factory.stages.merge_base import _conflict, _keeps_both, _text
from factory.stages.plan import revision_plan
from factory.stages.shop import Shop
from tests.handover.runs import written
from tests.line.targets import git, repository

START = "def one():\n    return 1\n"
OURS = START.replace("return 1", "return 10") + "\n\ndef ours():\n    return 2\n"
THEIRS = START.replace("return 1", "return 11") + "\n\ndef theirs():\n    return 3\n"
BOTH = OURS + "\n\ndef theirs():\n    return 3\n"


def begun(folder: Path) -> tuple[Store, Run, Shop]:
    """Branch and base that changed the same lines; the base also has a workflow, which no revision may touch."""
    target = repository(folder / "target", {"a.py": START})
    git(target, "checkout", "-q", "-b", "factory/1-x-0123abcd")
    (target / "a.py").write_text(OURS)
    git(target, "commit", "-qam", "ours")
    head = git(target, "rev-parse", "HEAD")
    git(target, "checkout", "-q", "main")
    (target / "a.py").write_text(THEIRS)
    (target / ".github" / "workflows").mkdir(parents=True)
    (target / ".github" / "workflows" / "ci.yml").write_text("on: push\n")
    git(target, "add", "-A")
    git(target, "commit", "-qm", "theirs")
    store = Store(folder / "store", target)
    tree = git(target, "rev-parse", f"{head}^{{tree}}")
    ticket = Ticket(repo="o/r", purpose="revise", event="e", actor="ann", actor_id=1, role="write", issue=0, pull=3,
                    base="main", base_sha=git(target, "rev-parse", "main"), head="factory/1-x-0123abcd",
                    head_sha=head, issued="2026-11-21T10:00:00Z")  # fmt: skip
    run = Run(id="r-1", created="2026-11-21T10:00:00Z", event=Event(kind="issue", source="x"), ticket=ticket,
              repo=Repo(path=str(target), ref="main", commit=head, tree=tree), tree=tree)  # fmt: skip
    return store, run.but(plan=revision_plan(run)), cast(Shop, SimpleNamespace(trees=store, policy=PathPolicy()))


def resolved(store: Store, run: Run, text: str = BOTH, **more: str) -> Run:
    """The run after the fixer; `more`: other files that somebody slips in."""
    assert run.ticket
    found = merged(store, run.repo.commit, run.ticket.base_sha)
    files = [written(store, "a.py", text), *(written(store, path, body) for path, body in more.items())]
    tree = store.overlay(found.tree, files)
    change = Change(unit=MERGE, role="demiurge", title="Merge main", base=run.tree, files=tuple(files[:1]))
    return Run.model_validate({
        **run.model_dump(), "tree": tree, "fixes": [change.model_dump()], "fix_trees": [tree],
        "merge": {"base": run.ticket.base_sha, "conflicts": found.conflicts},
        "evidence": Evidence(tree=tree, base=run.repo.tree, suites=(), tests_found=False, sandbox="x").model_dump(),
    })  # fmt: skip


def test_the_fixer_sees_both_sides(tmp_path: Path) -> None:
    store, run, shop = begun(tmp_path)
    assert run.ticket
    found = merged(store, run.repo.commit, run.ticket.base_sha)
    assert found.conflicts == ("a.py",)
    item = _conflict("a.py", _text(shop, found.tree, "a.py"))
    assert item.start == 2
    for words in ("return 10", "return 11", "def ours", "def theirs", "Drop nothing of either side"):
        assert words in item.message


@pytest.mark.parametrize(("text", "problem"), [
    (BOTH, ""), (OURS, "would lose theirs"), (THEIRS, "would lose ours"),
    (BOTH.replace("def one", "def uno"), "would lose one"), (BOTH + "<<<<<<< x\n", "markers are still there"),
])  # fmt: skip
def test_neither_side_is_dropped(tmp_path: Path, text: str, problem: str) -> None:
    from factory.contracts.errors import EditProblem

    store, run, shop = begun(tmp_path)
    assert run.ticket
    tree = resolved(store, run, text).tree
    if not problem:
        return _keeps_both(run, shop, tree, "a.py", run.ticket.base_sha)
    with pytest.raises(EditProblem, match=problem):
        _keeps_both(run, shop, tree, "a.py", run.ticket.base_sha)
    return None


def test_it_becomes_one_merge_commit_with_both_parents(tmp_path: Path) -> None:
    store, run, _ = begun(tmp_path)
    done = resolved(store, run)
    (one,) = commits_of(done, store)
    assert run.ticket
    assert store.git("show", "-s", "--format=%P", one.sha).decode().split() == [run.repo.commit, run.ticket.base_sha]
    assert store.git("show", f"{one.sha}:a.py").decode() == BOTH
    assert not inspect(done, store, Settings()).labels, "a workflow that came with the base is people's own"


@pytest.mark.parametrize(("more", "code"), [
    ({"b.py": "x = 1\n"}, "digest_mismatch"), ({".github/workflows/ci.yml": "on: issues\n"}, "digest_mismatch"),
])  # fmt: skip
def test_the_ship_job_makes_the_merge_itself(tmp_path: Path, more: dict[str, str], code: str) -> None:
    """ART-08: nothing rides along with a merge."""
    store, run, _ = begun(tmp_path)
    with pytest.raises(Refusal) as caught:
        inspect(resolved(store, run, **more), store, Settings())
    assert caught.value.code == code


def test_a_merge_of_another_commit_is_refused(tmp_path: Path) -> None:
    store, run, _ = begun(tmp_path)
    done = resolved(store, run)
    facts: dict[str, Any] = {**done.model_dump(), "merge": {"base": run.repo.commit, "conflicts": ()}}
    with pytest.raises(Refusal) as caught:
        inspect(Run.model_validate(facts), store, Settings())
    assert caught.value.code == "not_allowed"
