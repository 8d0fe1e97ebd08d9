"""remember: what the run showed, and what became of earlier pull requests, onto the branch `factory-memory`.

Runs after the last word, in the ship job: a run does not fail because nobody could write down what it taught. What the
branch holds is untrusted here as everywhere: lines that are none are counted and left alone.
"""

from collections.abc import Iterable
from pathlib import Path

from factory.contracts.errors import HubProblem
from factory.contracts.memory import Line, Observation
from factory.contracts.seams import Clock
from factory.forge.shared_memory import Entry, SharedMemory
from factory.jobs.context import JobContext
from factory.jobs.result import read_result
from factory.jobs.wire import CONFIG, Site, site
from factory.llm.redact import unless_secret
from factory.memory.fold import folded
from factory.memory.lines import Bad, epoch, fact, read, written
from factory.memory.observe import observed
from factory.memory.outcomes import from_memory, hub_outcomes


def remember(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """Output lines: how many were written. Raises HubProblem when the branch cannot be written."""
    here = site(context, config, clock)
    if not here.settings.memory.enabled:
        context.output(lines="0")
        return 0
    run = read_result(here).run
    shown = observed(run, here.now, said=unless_secret(here.secrets)) if run else ()
    memory = SharedMemory(here.books.branch.remote, here.clock)
    ended = _ended(here, memory.read())
    said: list[int] = []

    def wanted(raw: bytes) -> list[Entry]:
        lines, bad = _told(here, raw)
        said[:] = [bad]
        return [Entry(line.at, written(line).rstrip("\n")) for line in fresh(lines, (*shown, *ended))]

    count = memory.append(wanted, f"remember {here.ticket.run}")
    if said and said[0]:
        here.say("warning", f"{said[0]} lines of the branch factory-memory cannot be read and are ignored.")
    context.output(lines=str(count))
    return 0


def fresh(known: Iterable[Line], told: Iterable[Line]) -> list[Line]:
    """What says something new: the same fact at another time is none."""
    there = {fact(line) for line in known}
    return [line for line in told if fact(line) not in there]


def _told(here: Site, raw: bytes) -> tuple[list[Line], int]:
    found = list(read(raw, epoch(here.now) or 0.0))
    lines = [each for each in found if not isinstance(each, Bad)]
    return lines, len(found) - len(lines)


def _ended(here: Site, raw: bytes) -> tuple[Line, ...]:
    """What GitHub says of the pull requests that earlier runs left; nothing when it does not answer."""
    runs = folded(line for line in _told(here, raw)[0] if isinstance(line, Observation))
    try:
        return tuple(hub_outcomes(from_memory(runs), here.hub, here.context.repo, here.now))
    except HubProblem as problem:
        here.say("warning", f"What became of earlier pull requests is not known: {problem}")
        return ()
