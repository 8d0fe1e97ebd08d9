"""Who can run a job: hosted slots, and self-hosted runners by their labels, online or not."""

from collections import Counter
from collections.abc import Iterable

from factory.simulator.hub.runs import settings
from factory.simulator.hub.state import Hub
from factory.simulator.runner.graph import Leg
from factory.simulator.runner.options import HOSTED, Machine, Options


class Machines:
    def __init__(self, hub: Hub, options: Options) -> None:
        self._hub, self._options = hub, options
        self._busy: Counter[str] = Counter()

    def take(self, leg: Leg) -> bool:
        """Give the leg a machine that is free, online and has all its labels."""
        wanted = {label.lower() for label in leg.labels}
        for machine in self._all(leg.node.frame.run.shown.repo):
            fits = wanted <= {label.lower() for label in machine.labels}
            if wanted and fits and machine.online and self._busy[machine.name] < machine.slots:
                self._busy[machine.name] += 1
                leg.machine = machine.name
                return True
        return False

    def free(self, leg: Leg) -> None:
        self._busy[leg.machine] -= 1

    def known(self, leg: Leg) -> bool:
        """Whether any machine, online or not, could ever take it."""
        wanted = {label.lower() for label in leg.labels}
        return any(
            wanted <= {label.lower() for label in each.labels} for each in self._all(leg.node.frame.run.shown.repo)
        )

    def _all(self, repo: str) -> Iterable[Machine]:
        for label in HOSTED:
            yield Machine("GitHub Actions", (label,), self._options.parallel)
        yield from self._options.machines
        for runner in settings(self._hub.repo(repo)).runners:
            yield Machine(runner.name, runner.labels, 1, runner.status == "online")
