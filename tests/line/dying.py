"""Walk a run in this process and SIGKILL it at a chosen moment. Used by test_kill.py.

dying.py start REPO ISSUE CONFIG WHERE…      a new run
dying.py resume WHERE…                       the latest run
WHERE: stage NAME start|done · inside NAME N (its N-th call of a function; `report` follows deliver) · calls FILE (no
death: how many there are, by stage) · KIND N (the n-th event of a kind) · any N · pushed · opened (each: said in the
outbox) · meant · pushed-unsaid · opened-unsaid (between what the outbox says is meant and what it says is done)
"""

import json
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from factory.app import make_shop, new_run, open_state, settings_of
from factory.cli.options import issue_event
from factory.contracts.run import Pull
from factory.forge.recorded import RecordedBranches, RecordedPulls
from factory.ledger.outbox import Outbox
from factory.places import state_folder
from factory.settings import load
from factory.stages.line import walk


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Killer:
    """A watcher that ends the process at the event it waits for."""

    def __init__(self, where: list[str]) -> None:
        self.where = where
        self.count = 0
        self.lock = threading.Lock()
        self.calls: dict[str, int] = {}  # of each stage's first pass
        self.stage = ""

    def tell(self, kind: str, **facts: Any) -> None:
        if self.where[0] in ("inside", "calls"):
            if kind == "stage":
                self._within(facts["name"], facts["state"])
        elif self.where[0] == "stage":
            if kind == "stage" and [facts["name"], facts["state"]] == self.where[1:]:
                die()
        elif self.where[0] in ("any", kind):
            with self.lock:
                self.count += 1
                if self.count == int(self.where[1]):
                    die()

    def _within(self, name: str, state: str) -> None:
        """From the stage's begin to its end all calls of functions are counted, in every thread that begins there."""
        after = "report" if name == "deliver" else ""
        self.stage = after if state == "done" else "" if name in self.calls else name
        sys.setprofile(self._called if self.stage else None)
        threading.setprofile(self._called if self.stage else None)

    def _called(self, frame: Any, event: str, argument: Any) -> None:
        if event != "call" or not self.stage:
            return
        self.calls[self.stage] = self.calls.get(self.stage, 0) + 1
        if self.where[0] == "inside" and self.stage == self.where[1] and self.calls[self.stage] == int(self.where[2]):
            die()

    def over(self) -> None:
        sys.setprofile(None)
        if self.where[0] == "calls":
            Path(self.where[1]).write_text(json.dumps(self.calls))


class DyingBranches:
    """The local forge, and death right after the push."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def branch(self, name: str) -> str:
        found: str = self.inner.branch(name)
        return found

    def push(self, name: str, commit: str, expected: str) -> None:
        self.inner.push(name, commit, expected)
        die()


class MeantBranches(DyingBranches):
    """Death between the intention and the push."""

    def push(self, name: str, commit: str, expected: str) -> None:
        die()


class DyingPulls:
    """The local forge, and death right after the pull request was opened."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def find(self, marker: str) -> Pull | None:
        found: Pull | None = self.inner.find(marker)
        return found

    def open(self, *arguments: Any) -> Pull:
        self.inner.open(*arguments)
        die()
        raise AssertionError

    def update(self, *arguments: Any) -> Pull:
        found: Pull = self.inner.update(*arguments)
        return found


def main(arguments: list[str]) -> None:
    state = open_state(state_folder())
    if arguments[0] == "start":
        repo, issue, config, where = Path(arguments[1]), arguments[2], Path(arguments[3]), arguments[4:]
        settings = load(config, None, {})
        run = new_run(state, repo, "", issue_event(issue), settings)
    else:
        run, where = state.journal.load("last"), arguments[1:]
        state.journal.lease(run.id)
        settings = settings_of(run, state)
        run = run.but(stopped=None, output=None)
    killer = Killer(where)
    shop = make_shop(run, state, settings, killer)
    if where[0] == "pushed":
        shop = replace(shop, branches=DyingBranches(shop.branches))
    if where[0] == "opened":
        shop = replace(shop, pulls=DyingPulls(shop.pulls))
    outbox, inner = Outbox(state.journal, run.id), tuple(vars(each)["inner"] for each in (shop.branches, shop.pulls))
    if where[0] == "meant":
        shop = replace(shop, branches=RecordedBranches(MeantBranches(inner[0]), outbox))
    if where[0] == "pushed-unsaid":
        shop = replace(shop, branches=RecordedBranches(DyingBranches(inner[0]), outbox))
    if where[0] == "opened-unsaid":
        shop = replace(shop, pulls=RecordedPulls(DyingPulls(inner[1]), outbox))
    walk(run, shop)
    killer.over()


if __name__ == "__main__":
    main(sys.argv[1:])
