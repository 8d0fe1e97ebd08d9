"""The owner's own sandbox around a throw-away tree; what is tried inside must not be tried outside."""

from dataclasses import dataclass
from pathlib import Path

from factory.contracts.sandbox import Job, JobResult, Limits, Sandbox
from factory.install.attack.tried import Attack, Tried
from factory.settings import Settings

SMALL = Limits(seconds=8, memory_mib=256, disk_mib=64, inodes=20_000, processes=48, file_mib=32, output_mib=1)
NONE = "sandbox.kind = none"
FILES = {"app.py": "ANSWER = 42\n", "run.sh": "#!/bin/sh\necho ran\n"}


@dataclass(frozen=True)
class Cell:
    """A sandbox that started, and the tree it works on."""

    sandbox: Sandbox
    tree: str
    limits: Limits = SMALL

    def probe(self, name: str, *facts: str) -> JobResult:
        """One attempt of inside/probe.py."""
        program = (Path(__file__).parent / "inside" / "probe.py").read_text(encoding="utf-8")
        return self._run(("python", "-c", program, name, *facts), {})

    def shell(self, script: str, **job: object) -> JobResult:
        return self._run(("sh", "-c", script), job)

    def _run(self, command: tuple[str, ...], job: dict[str, object]) -> JobResult:
        order = Job.model_validate({"command": command, "tree": self.tree, "limits": self.limits, **job})
        try:
            return self.sandbox.run(order)
        except BrokenPipeError:  # it died before it had read all: on a machine that is at its limits, once more
            return self.sandbox.run(order)


def missing(settings: Settings) -> tuple[str, str]:
    """('', '') when a sandbox starts under these settings, else (why not, what to do)."""
    from factory.sandbox.probe import probe

    if settings.sandbox.kind == "none":
        return (
            NONE,
            "leave out --sandbox none, and `kind` in [sandbox]: else code of the target runs as you",
        )
    found = probe()
    return ("", "") if found.works else ("no sandbox starts here", found.remedy)


def not_tried(attacks: tuple[Attack, ...], why: str, remedy: str) -> tuple[Tried, ...]:
    """What is dangerous is never run outside a sandbox: it counts as open instead."""
    return tuple(attack.broke(f"not tried: {why}", remedy) for attack in attacks)


def cell(folder: Path, settings: Settings) -> Cell:
    """Raises FactoryError when the sandbox or git does not work."""
    from factory.app import sandbox_for
    from factory.git import Store
    from factory.install.attack.target import repository
    from factory.ledger.state import open_state
    from factory.target import resolve

    folder.mkdir(parents=True, mode=0o700)
    repo = repository(folder / "tree", FILES)
    state = open_state(folder / "state")
    return Cell(sandbox_for(settings, Store(folder / "store.git", repo), state), resolve(repo, "")[2])
