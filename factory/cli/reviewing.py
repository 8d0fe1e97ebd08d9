"""What `factory review` does: a run that ends with findings, from two commits here or a pull request on GitHub."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from factory.contracts.errors import UsageProblem
from factory.contracts.examined import MAX_FINDINGS, Examined

if TYPE_CHECKING:
    from factory.contracts.task import Event
    from factory.stages.examine import Eyes

_PULL = re.compile(r"([A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100})#([1-9]\d{0,9})")


@dataclass(frozen=True)
class Wanted:
    eyes: str
    tests: bool
    config: Path | None
    sandbox: str


def local(repo: Path, base: str, head: str, event: "Event | None", wanted: Wanted) -> Examined:
    """Review what `head` has and the merge base with `base` has not. Raises UsageProblem for unknown refs."""
    from factory.app import make_shop, new_run, open_state, spend_of
    from factory.cli.options import settings_file, settings_for
    from factory.git import run_git
    from factory.places import state_folder
    from factory.render.terminal import watcher
    from factory.stages.examine import examine
    from factory.target import merge_base, resolve

    _, after, tree = resolve(repo, head)
    start = merge_base(repo, base, after)
    settings = settings_for(wanted.config, repo, wanted.sandbox)
    state = open_state(state_folder())
    event = event or _from_commits(run_git(repo, "log", "--format=%s", "-n", "20", f"{start}..{after}").decode())
    run = new_run(state, repo, start, event, settings, settings_file(wanted.config, repo))
    with watcher(sys.stderr, plain=not sys.stderr.isatty()) as view:
        shop = make_shop(run, state, settings, view)
        run, found, silent = examine(run, shop, tree, cast("Eyes", wanted.eyes), wanted.tests)
    state.journal.release(run.id)
    suites = run.evidence.suites if run.evidence else ()
    tested = "\n".join(f"{suite.name}: {suite.base.status} before, {suite.candidate.status} now" for suite in suites)
    notes = [f"{name} gave no readable answer, so nobody looked with that eye" for name in silent]
    if len(found) > MAX_FINDINGS:
        notes.append(f"{len(found) - MAX_FINDINGS} more findings were left out")
    return Examined(
        run=run.id, base=start, head=after, findings=found[:MAX_FINDINGS], tested=tested, notes=tuple(notes),
        cost=sum(row.cost for row in spend_of(state, settings).by_role(run.id)),
    )  # fmt: skip


def _from_commits(subjects: str) -> "Event":
    """The change's description when there is none: what its commits say."""
    from factory.contracts.task import Event

    lines = subjects.strip().splitlines() or ["A change without a description"]
    return Event(kind="review", source="commit messages", text="\n".join([lines[0], "", *lines[1:]]))


def remote(name: str, wanted: Wanted, post: bool) -> Examined:
    """Review a pull request: its commits are fetched by SHA into a repository of our own, nothing is checked out."""
    match = _PULL.fullmatch(name)
    if not match:
        raise UsageProblem(f"--github {name!r} is not OWNER/NAME#NUMBER, for example octo/tea-shop#12.")
    from factory.install.hub import hub_of, token_of, web_of
    from factory.jobs.post import post_findings
    from factory.jobs.pull_review import fetch_pull
    from factory.places import state_folder

    repo, number = match.group(1), int(match.group(2))
    hub = hub_of(repo, os.environ)
    folder = state_folder() / "reviews" / f"{repo.replace('/', '__')}.git"
    fetched = fetch_pull(hub.pull(number), repo, web_of(os.environ), token_of(os.environ), folder)
    found = local(fetched.folder, fetched.base, fetched.head, fetched.event, wanted)
    if post:
        print(post_findings(hub, repo, number, found, os.environ), file=sys.stderr)
    return found
