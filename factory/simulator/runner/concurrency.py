"""Concurrency groups: one running and one pending, `queue: max` keeps up to 100 in order. Case-insensitive names."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

MOST_PENDING = 100


@dataclass(frozen=True)
class Wish:
    """A `concurrency:` after evaluation."""

    group: str
    cancel: bool = False
    queue: Literal["single", "max"] = "single"


@dataclass
class Group:
    running: Hashable | None = None
    pending: deque[Hashable] = field(default_factory=deque)


class Groups:
    """Who runs and who waits, by repository and lower-case group name. Used by the scheduler's thread only."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], Group] = {}

    def ask(self, repo: str, wish: Wish, holder: Hashable) -> list[Hashable]:
        """Enter the group; returns those that are to be cancelled for it (the running one goes on until it ended)."""
        group = self._groups.setdefault((repo.lower(), wish.group.lower()), Group())
        if group.running is None:
            group.running = holder
            return []
        out: list[Hashable] = []
        if wish.cancel:
            out = [*group.pending, group.running]
            group.pending.clear()
        elif wish.queue == "single":
            out = list(group.pending)
            group.pending.clear()
        elif len(group.pending) >= MOST_PENDING:
            return [holder]
        group.pending.append(holder)
        return out

    def holds(self, holder: Hashable) -> bool:
        """Whether its turn has come."""
        return any(group.running == holder for group in self._groups.values())

    def leave(self, holder: Hashable) -> None:
        """It ended or was cancelled: the next one's turn."""
        for name, group in list(self._groups.items()):
            if holder in group.pending:
                group.pending.remove(holder)
            if group.running == holder:
                group.running = group.pending.popleft() if group.pending else None
            if group.running is None:
                del self._groups[name]

    def waiting(self, repo: str, group: str) -> int:
        """How many are pending in a group."""
        found = self._groups.get((repo.lower(), group.lower()))
        return len(found.pending) if found else 0
