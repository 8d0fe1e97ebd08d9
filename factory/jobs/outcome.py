"""outcome: a pull request of the factory was closed: what became of it, and of the others, onto `factory-memory`.

GitHub itself is asked: merged, edited by people, closed, reverted. The event only says that it is time to look.
"""

from pathlib import Path

from factory.contracts.memory import Line, Observation
from factory.contracts.seams import Clock
from factory.forge.shared_memory import Entry, SharedMemory
from factory.jobs.context import JobContext
from factory.jobs.ground import ground
from factory.jobs.remember import fresh
from factory.jobs.wire import CONFIG
from factory.memory.fold import folded
from factory.memory.lines import Bad, epoch, read, written
from factory.memory.outcomes import from_memory, hub_outcomes


def outcome(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """Output lines: how many were written. Raises HubProblem when GitHub cannot be asked: run it again."""
    here = ground(context, config, clock)
    if not here.settings.memory.enabled:
        context.output(lines="0")
        return 0
    memory = SharedMemory(here.books.branch.remote, here.clock)

    def known(raw: bytes) -> list[Line]:
        return [each for each in read(raw, epoch(here.now) or 0.0) if not isinstance(each, Bad)]

    runs = folded(line for line in known(memory.read()) if isinstance(line, Observation))
    ended = hub_outcomes(from_memory(runs), here.hub, context.repo, here.now)

    def wanted(raw: bytes) -> list[Entry]:
        return [Entry(line.at, written(line).rstrip("\n")) for line in fresh(known(raw), ended)]

    count = memory.append(wanted, "outcomes") if ended else 0
    context.output(lines=str(count))
    return 0
