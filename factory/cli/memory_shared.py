"""The commands of `factory memory` that read or hand on lines: sync, import, export, outcomes"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json

if TYPE_CHECKING:
    from factory.contracts.memory import Observation
    from factory.contracts.run import Run
    from factory.memory.store import MemoryStore, Taken

Repo = Annotated[Path, typer.Option(help="The git repository.")]
GitHub = Annotated[
    str, typer.Option("--github", metavar="OWNER/NAME", help="The repository on GitHub; else what `origin` says.")
]


def sync(repo: Repo = Path(), github: GitHub = "", config: Config = None, as_json: Json = False) -> int:
    """Read what others learned from the branch factory-memory. Nothing is written there: ship jobs do that."""
    import os

    from factory.app import SystemClock
    from factory.cli.memory import opened
    from factory.contracts.record import digest
    from factory.forge.remote import Remote
    from factory.forge.shared_memory import SharedMemory
    from factory.install.hub import web_of
    from factory.places import state_folder

    store, key = opened(repo, config)
    url = f"{web_of(os.environ)}/{_named(github, key)}.git"
    token = os.environ.get("GITHUB_TOKEN", "") or os.environ.get("GH_TOKEN", "")
    remote = Remote(state_folder() / "memory" / f"{digest(url)[:16]}.git", url, token)
    return _say(store.take(key, SharedMemory(remote, SystemClock()).read()), as_json)


def import_(
    file: Annotated[Path, typer.Argument(help="Lines as `factory memory export` or the branch has them.")],
    repo: Repo = Path(),
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Take in lines of another machine. What is no line of ours is put aside: `factory memory refused`."""
    from factory.cli.memory import opened
    from factory.contracts.errors import UsageProblem
    from factory.memory.of_repository import MOST

    store, key = opened(repo, config)
    try:
        with file.open("rb") as handle:
            raw = handle.read(MOST + 1)
    except OSError as error:
        raise UsageProblem(f"{file} cannot be read: {error.strerror}.") from None
    if len(raw) > MOST:
        raise UsageProblem(f"{file} has more than {MOST:,} bytes: split it.")
    return _say(store.take(key, raw), as_json)


def export(repo: Repo = Path(), config: Config = None, as_json: Json = False) -> int:
    """This machine's own lines, as JSON on standard output."""
    import sys

    from factory.cli.memory import opened
    from factory.memory.lines import written

    store, key = opened(repo, config)
    for line in store.lines(key, shareable=True):
        sys.stdout.write(written(line))
    return 0


def outcomes(repo: Repo = Path(), github: GitHub = "", config: Config = None, as_json: Json = False) -> int:
    """What became of earlier pull requests. Merged, edited by people, reverted, closed.

    Told from the commits here for runs that were delivered here, by GitHub for those that were asked for there."""
    import json
    import sys

    from factory.cli.memory import opened
    from factory.render.terminal import table

    store, key = opened(repo, config)
    hub = github or (_named("", key) if key.startswith("github.com/") else "")
    found = [*_local(store, key, repo), *(_asked(store, key, hub) if hub else [])]
    fresh = store.note(key, found)
    if as_json:
        print(json.dumps({"fresh": fresh, "outcomes": [each.model_dump(mode="json") for each in found]}, indent=2))
        return 0
    rows = [(each.run, f"#{each.pull}" if each.pull else "-", each.word, ", ".join(each.paths[:5])) for each in found]
    if rows:
        table(rows, ("run", "pull request", "what became of it", "files that people edited"), sys.stdout)
    print(f"{fresh} new of {len(found)}." if found else "No pull request of an earlier run has an end yet.")
    return 0


def _asked(store: "MemoryStore", key: str, name: str) -> "list[Observation]":
    import os

    from factory.contracts.memory import Observation
    from factory.install.hub import hub_of
    from factory.memory.fold import folded
    from factory.memory.lines import iso
    from factory.memory.outcomes import from_memory, hub_outcomes

    runs = folded(line for line in store.lines(key) if isinstance(line, Observation))
    delivered = from_memory(runs)
    return hub_outcomes(delivered, hub_of(name, os.environ), name, iso(store.now())) if delivered else []


def _local(store: "MemoryStore", key: str, repo: Path) -> "list[Observation]":
    from factory.memory.landed import git_outcomes
    from factory.memory.lines import iso
    from factory.memory.outcomes import from_run

    delivered = [made for run in _runs(key) if not run.ticket and (made := from_run(run))]
    return [each for one in delivered for each in git_outcomes(one, repo, iso(store.now()))]


def _runs(key: str) -> "list[Run]":
    """The latest runs on this repository that this machine knows."""
    from functools import cache

    from factory.app import open_state
    from factory.contracts.errors import FactoryError
    from factory.memory.repository import repository_key
    from factory.places import state_folder

    @cache
    def key_of(path: str) -> str:
        try:
            return repository_key(Path(path))
        except FactoryError:  # moved away or deleted
            return ""

    return [run for run in open_state(state_folder()).journal.recent() if key_of(run.repo.path) == key]


def _named(github: str, key: str) -> str:
    """`owner/name`. Raises UsageProblem."""
    import re

    from factory.contracts.errors import UsageProblem

    name = github or key.partition("/")[2]
    if not re.fullmatch(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", name) or (not github and key.startswith("/")):
        raise UsageProblem("This repository has no remote `origin` on GitHub: name it with --github OWNER/NAME.")
    return name


def _say(taken: "Taken", as_json: bool) -> int:
    import json

    if as_json:
        bad = [{"why": each.why, "text": each.text} for each in taken.bad]
        print(json.dumps({"fresh": taken.fresh, "known": taken.known, "refused": bad}, indent=2))
        return 0
    print(f"{taken.sentence}.")
    return 0
