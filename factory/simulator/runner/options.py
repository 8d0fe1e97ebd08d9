"""How a runner is set up: secrets, variables, machines, how patient it is when it cancels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from factory.simulator.runner.permissions import RESTRICTED

HOSTED = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "ubuntu-slim")


@dataclass(frozen=True)
class Machine:
    """A runner: a job goes to it when it has all of the job's labels. Self-hosted ones come from the hub's list."""

    name: str
    labels: tuple[str, ...]
    slots: int = 1
    online: bool = True


@dataclass(frozen=True)
class Options:
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # secrets by environment
    parallel: int = 3  # hosted jobs at a time
    machines: tuple[Machine, ...] = ()  # beside the hosted ones and the hub's runners
    permissions: Mapping[str, str] = field(default_factory=lambda: dict(RESTRICTED))  # when nothing says any
    patience: tuple[float, float] = (7.5, 2.5)  # seconds from SIGINT to SIGTERM, from SIGTERM to SIGKILL
    environment: Mapping[str, str] = field(default_factory=dict)  # more variables for every job
    path: tuple[Path, ...] = ()  # folders before the system's in PATH

    def hosted(self) -> tuple[Machine, ...]:
        return tuple(Machine(f"hosted-{number + 1}", ()) for number in range(self.parallel))
