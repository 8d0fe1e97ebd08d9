"""A bundle that one machine made."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.model import Piece, Usage
from factory.contracts.tables import BudgetSettings
from factory.handover.bundle import pack
from factory.ledger.egress import Egress
from factory.ledger.spend import Spend, Use
from tests.handover.runs import BINARY, Note, begun, deleted, with_files, written


@pytest.fixture
def sent(tmp_path: Path) -> dict[str, Any]:
    """A bundle with text, binary, deleted and renamed files, steps and money; where it was made."""
    state, run, store = begun(tmp_path / "one")
    files = [
        written(store, "app.py", "def one():\n    return 1\n\ndef two():\n    return 2\n"),
        written(store, "logo.bin", BINARY), deleted("README.md"), written(store, "docs/README.md", "hello\n"),
        written(store, "nl.txt", "a\r\nb\x0c\u2028c"),
    ]  # fmt: skip
    run = with_files(run, store, files)
    scope = state.journal.scope(run.id, "generate", "code")
    for n in range(3):
        scope.step("note", Note(text="history " * 500 + str(n)), partial(Note, text=f"answer {n}"), Note)
    state.journal.note(run.id, "path_denied", path="x")
    state.journal.save(run, "verify")
    spend = Spend(state.db, BudgetSettings(), state.clock)
    use = Use(run=run.id, issue="i", role="backend", endpoint="box")
    spend.settle(spend.reserve(use, 1000, 10), use, 700, Usage(input=5, output=2), 1.0)
    Egress(state.db, state.clock).sending(
        run.id, "box", "local", (), Piece(path="", start=0, end=0, bytes=9, sha256="a")
    )
    told = pack(run, state, tmp_path / "bundle")
    return {"state": state, "run": run, "store": store, "folder": tmp_path / "bundle", "digest": told,
            "repo": tmp_path / "one" / "repo", "tmp": tmp_path}  # fmt: skip
