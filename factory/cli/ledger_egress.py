"""What `factory ledger egress` shows: what left the machine, by run, endpoint, file or piece."""

import sys
from collections.abc import Callable, Mapping
from datetime import date

from factory.app import State, open_state, store_of
from factory.contracts.errors import FactoryError, UsageProblem
from factory.contracts.run import Run
from factory.ledger.egress_sums import KEYS, By, Line, Summary, sums
from factory.llm.policy import sizes_of
from factory.places import state_folder
from factory.render.terminal import table


def show(run: str, everything: bool, day: str, by: str, as_json: bool) -> int:
    """Raises UsageProblem for a run that is not known, a day that is none, a grouping that is none."""
    state, group = open_state(state_folder()), _group(by)
    day = state.clock.now()[:10] if day == "today" else _day(day)
    one = None if everything or day else state.journal.load(run)
    found = sums(state.db, group, _sizes(one, state), run=one.id if one else "", day=day)
    if as_json:
        print(found.to_json(indent=2))
        return 0
    shown = _SHOWN[group]
    if found.lines:
        table([tuple(_COLUMNS[name](line) for name in shown) for line in found.lines], shown, sys.stdout)
    print(_last_line(found))
    if found.recorded:
        print(f"{found.recorded:,} of the bytes above were handed to recorded answers: they went nowhere.")
    return 0


_SHOWN: dict[By, tuple[str, ...]] = {
    "run": ("run", "tier", "times", "bytes", "of the repository", "share"),
    "endpoint": ("endpoint", "tier", "times", "bytes", "of the repository", "share"),
    "file": ("endpoint", "tier", "file", "times", "bytes", "share"),
    "piece": ("endpoint", "tier", "file", "lines", "times", "bytes", "sha256"),
}
_COLUMNS: dict[str, Callable[[Line], str]] = {
    "run": lambda line: line.run or "(none)",
    "endpoint": lambda line: line.endpoint,
    "tier": lambda line: line.tier,
    "file": lambda line: line.path or "(prompts)",
    "lines": lambda line: f"{line.start}-{line.stop}" if line.start else "-",
    "times": lambda line: f"{line.times:,}",
    "bytes": lambda line: f"{line.bytes:,}",
    "of the repository": lambda line: f"{line.distinct:,}",
    "share": lambda line: "-" if line.share is None or not line.distinct else f"{line.share:.1%}",
    "sha256": lambda line: line.sha256[:12],
}


def _last_line(found: Summary) -> str:
    cloud = found.cloud
    if not cloud.bytes:
        return "Nothing was sent to rented or frontier endpoints."
    sent = f"Rented and frontier endpoints were sent {cloud.bytes:,} bytes, every repetition counted"
    if cloud.share is None:
        return f"{sent}; {cloud.distinct:,} of them were files, each piece counted once."
    return f"{sent}; they saw {cloud.share:.1%} of the repository ({cloud.distinct:,} of {found.repository:,} bytes)."


def _group(by: str) -> By:
    found = next((each for each in KEYS if each == by), None)
    if found is None:
        raise UsageProblem(f"--by {by}: say one of {', '.join(KEYS)}.")
    return found


def _day(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat() if day else ""
    except ValueError:
        raise UsageProblem(f"--day {day}: write it as YYYY-MM-DD, or `today`.") from None


def _sizes(run: Run | None, state: State) -> Mapping[str, int]:
    """Bytes of each file of a run's base tree; {} for several runs, and when the repository is no longer there."""
    try:
        return sizes_of(store_of(run, state), run.repo.tree) if run else {}
    except FactoryError:
        return {}
