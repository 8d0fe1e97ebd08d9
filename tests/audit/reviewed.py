"""A recorded answer of an auditor, through the validator that the line uses."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from factory.contracts.change import FileChange
from factory.contracts.finding import Finding
from factory.contracts.roster import Note
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.edits.paths import PathPolicy
from factory.git import Store
from factory.settings import Settings
from factory.stages.review import validated
from factory.stages.shop import Shop
from tests.desk.workshop import repository


class Listener:
    """A real store of trees; the journal only listens."""

    def __init__(self, folder: Path) -> None:
        self.trees, self.base = repository(folder, {"README.md": "x\n"})
        self.dropped: list[str] = []
        shop = SimpleNamespace(trees=self.trees, policy=PathPolicy.of(Settings().paths),
                               journal=SimpleNamespace(note=self._note))  # fmt: skip
        self.shop = cast(Shop, shop)

    def _note(self, run: str, event: str, **facts: str) -> None:
        self.dropped.append(f"{event}: {facts['path']}")

    def heard(self, files: dict[str, str], notes: list[Note]) -> list[Finding]:
        """What of the notes counts on a tree with these files."""
        changes = tuple(
            FileChange(path=path, op="write", mode="100644", oid=_stored(self.trees, text), size=len(text))
            for path, text in files.items()
        )
        tree = self.trees.overlay(self.base, changes)
        run = Run(id="r", created="2026-01-01T00:00:00Z", event=Event(kind="issue", source="s"), tree=tree,
                  repo=Repo(path="/r", ref="main", commit="c", tree=self.base))  # fmt: skip
        found = (validated("athena.injection", note, run, self.shop) for note in notes)
        return [each for each in found if each]


def _stored(trees: Store, text: str) -> str:
    return trees.blob(text.encode())
