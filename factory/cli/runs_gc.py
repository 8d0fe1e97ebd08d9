"""factory runs gc"""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Json

if TYPE_CHECKING:
    from factory.app import State
    from factory.ledger.clearing import Old
    from factory.sandbox.orphans import Orphan

GIB = 1024**3
CACHES = ("envs", "envs-none", "gpu/boots")  # made again when they are needed


def gc(
    days: Annotated[float, typer.Option(min=0, help="Finished runs and caches unused for longer than this go.")] = 30,
    keep_gib: Annotated[
        float | None, typer.Option(min=0, help="Then the oldest finished runs, until the rest fits into so much.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; without it they are only listed.")] = False,
    as_json: Json = False,
) -> int:
    """Clear away old finished runs, unused caches, and what killed processes left. Lists only, unless --yes.

    Never a run that is open or that a process holds; never what was spent or sent, which the limits count."""
    import json

    from factory.app import open_state
    from factory.ledger.clearing import old_files, old_runs
    from factory.places import state_folder
    from factory.render.amount import many, size
    from factory.render.terminal import table
    from factory.sandbox.orphans import orphans

    state = open_state(state_folder())
    now, cap = state.clock.now(), None if keep_gib is None else int(keep_gib * GIB)
    runs = old_runs(state.db, state.folder / "runs", now, days, cap)
    caches = () if _busy(state) else old_files([state.folder / name for name in CACHES], now, days)
    left = orphans(state.folder)
    if as_json:
        print(json.dumps({
            "removed": yes, "runs": [each.model_dump() for each in runs], "caches": [str(path) for path in caches],
            "left_behind": [each.model_dump() for each in left],
        }, indent=2))  # fmt: skip
    else:
        rows = [("run", each.run, size(each.bytes), each.why) for each in runs]
        rows += [("cache", str(path.relative_to(state.folder)), "", f"unused for {days:g} days") for path in caches]
        rows += [(each.kind, each.place, "", "its process is gone") for each in left]
        total = size(sum(each.bytes for each in runs))
        if rows:
            table(rows, ("what", "which", "size", "why"), sys.stdout)
            print(f"{'Removed' if yes else 'Would go with --yes'}: {many(len(rows), 'thing')}, {total} of runs.")
        else:
            print("Nothing to clear away.")
    if yes:
        clear(state, runs, () if _busy(state) else caches, left)
    return 0


def clear(
    state: "State", runs: "tuple[Old, ...]" = (), caches: tuple[Path, ...] = (), left: "tuple[Orphan, ...]" = ()
) -> None:
    from factory.ledger.clearing import remove_run
    from factory.sandbox.orphans import remove

    for run in runs:
        remove_run(state.db, state.folder / "runs", run.run)
    for path in caches:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    for orphan in left:
        remove(orphan)


def _busy(state: "State") -> bool:
    """Is any run at work here? Then its environments are in use."""
    from factory.ledger.shelf import shelf

    return any(row.alive for row in shelf(state.db))
