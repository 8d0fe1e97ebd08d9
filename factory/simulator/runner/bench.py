"""What all jobs of a runner share: the double, the evaluator, files, artifacts, caches, and who is to be killed."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from factory.contracts.record import Json
from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.runs import settings
from factory.simulator.hub.state import Hub
from factory.simulator.runner.options import Options
from factory.simulator.runner.sources import Sources


@dataclass(frozen=True)
class Kill:
    """Kill a job in the middle: after so many lines of its log, or so many seconds."""

    job: str  # the job's id or display name
    lines: int = 0
    seconds: float = 0


@dataclass
class Bench:
    hub: Hub
    expressions: Expressions
    sources: Sources
    options: Options
    folder: Path
    caches: dict[tuple[str, str], bytes] = field(default_factory=dict)  # (repository, key) -> tar
    attestations: list[Json] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    running: dict[str, threading.Event] = field(default_factory=dict)  # by token: what kills the job at once
    lock: threading.Lock = field(default_factory=threading.Lock)

    def variables(self, repo: str) -> Json:
        """The `vars` context: the runner's own and those set at the repository."""
        return {**self.options.variables, **settings(self.hub.repo(repo)).variables}

    def kill_for(self, *names: str) -> Kill | None:
        """The kill that waits for a job with one of these names; it strikes once."""
        with self.lock:
            found = next((each for each in self.kills if each.job in names), None)
            if found:
                self.kills.remove(found)
        return found
