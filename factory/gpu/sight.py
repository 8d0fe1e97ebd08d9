"""What the device shows, put to the scheduler: which memory is an engine's, which a lease's, which somebody else's."""

from collections.abc import Iterator, Mapping, Sequence

from factory.gpu.device import CardState
from factory.gpu.lease import Lease
from factory.gpu.owner import parents, session
from factory.gpu.room import Seen


def sights(cards: Sequence[CardState], sessions: Mapping[int, str], leases: Sequence[Lease]) -> Iterator[Seen]:
    """`sessions`: engines by the session of their processes. A lease's memory is its process' and its children's.

    Where the driver does not say who holds how much, or names processes of another world (a container sees the
    numbers of its host), nobody is named: the scheduler then goes by what it promised.
    """
    jobs = {lease.pid: lease.id for lease in leases}
    for card in cards:
        uses = card.processes
        if uses is None or any(use.bytes is None and session(use.pid) in sessions for use in uses):
            yield Seen(card.index, card.used)
            continue
        if uses and not any(session(use.pid) for use in uses):
            yield Seen(card.index, card.used)
            continue
        mine: dict[str, int] = {}
        others = 0
        for use in uses:
            name = sessions.get(session(use.pid)) or next((jobs[pid] for pid in parents(use.pid) if pid in jobs), "")
            if name:
                mine[name] = mine.get(name, 0) + (use.bytes or 0)
            else:
                others += use.bytes or 0
        yield Seen(card.index, card.used, mine, others)
