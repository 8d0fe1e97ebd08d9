"""Bundles that are whole come out as they went in; any other is refused with a fixed word."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factory.app import State
from factory.contracts.change import FileChange
from factory.contracts.errors import Refusal, UsageProblem
from factory.contracts.run import Run
from factory.git import Store
from factory.handover.bundle import MANIFEST, pack, unpack
from factory.handover.lineage import goes_on_from
from tests.handover.runs import BINARY, Note, begun, elsewhere, machine, with_files, written


def rows(state: State, table: str) -> list[tuple[Any, ...]]:
    found = state.db.connection().execute(f"SELECT * FROM {table}").fetchall()
    return sorted(
        tuple(value for name, value in dict(row).items() if name not in ("id", "origin", "issue", "repo"))
        for row in found
    )


def test_what_went_in_comes_out(sent: dict[str, Any]) -> None:
    state, repo = elsewhere(sent)
    run = unpack(sent["folder"], state, repo, sent["digest"])
    assert run == sent["run"].but(repo=sent["run"].repo.but(path=str(repo)))
    store = Store(state.run_folder(run.id) / "repo.git", repo)
    entries = store.entries(run.tree)
    assert sorted(entries) == ["app.py", "docs/README.md", "logo.bin", "nl.txt", "run.sh"]
    assert store.read(entries["logo.bin"].oid) == BINARY
    assert store.read(entries["nl.txt"].oid) == "a\r\nb\x0c\u2028c".encode()
    assert rows(state, "steps") == rows(sent["state"], "steps")
    assert rows(state, "trail") == rows(sent["state"], "trail")
    for table in ("spend", "egress"):
        assert rows(state, table) == rows(sent["state"], table) != []
    for key in (run.settings, run.seal):
        assert state.blobs(run.id).get(key) == sent["state"].blobs(run.id).get(key) != b""


def test_taking_it_in_twice_and_carrying_it_around_changes_nothing(sent: dict[str, Any]) -> None:
    """From one to two, on to three, and back to one: each row is there once."""
    two, repo = elsewhere(sent)
    run = unpack(sent["folder"], two, repo)
    before = {table: rows(two, table) for table in ("runs", "steps", "spend", "egress", "trail")}
    assert unpack(sent["folder"], two, repo) == run
    assert {table: rows(two, table) for table in before} == before
    pack(run, two, sent["tmp"] / "on")
    three, there = elsewhere(sent, "three")
    run = unpack(sent["tmp"] / "on", three, there)
    assert rows(three, "spend") == before["spend"]
    pack(run, three, sent["tmp"] / "back")
    count = len(rows(sent["state"], "spend"))
    unpack(sent["tmp"] / "back", sent["state"], sent["repo"])
    unpack(sent["tmp"] / "back", two, repo)
    assert len(rows(sent["state"], "spend")) == count
    assert {table: rows(two, table) for table in before} == before


def test_packing_twice_gives_the_same_digest(sent: dict[str, Any]) -> None:
    assert pack(sent["run"], sent["state"], sent["tmp"] / "again") == sent["digest"]


def test_a_long_history_is_told_once(sent: dict[str, Any]) -> None:
    steps = (sent["folder"] / "steps.jsonl").read_text()
    assert steps.count("history " * 500) == 1
    assert len(steps) < 4 * len("history " * 500)


def test_a_checkout_without_the_commit_says_so(sent: dict[str, Any], tmp_path: Path) -> None:
    _, _, other = begun(tmp_path / "other", {"x": "y"})
    with pytest.raises(UsageProblem, match="check that commit out"):
        unpack(sent["folder"], machine(tmp_path / "s"), other.target)


def test_more_than_fits_leaves_old_steps_behind(tmp_path: Path) -> None:
    """The record, the trees and the money always travel; history only as far as there is room."""
    room = 2**20
    state, run, _ = begun(tmp_path)
    for n in range(5):
        scope = state.journal.scope(run.id, "generate", f"u{n}")
        text = os.urandom(room // 16).hex()
        scope.step("note", Note(text=text), partial(Note, text=text[:10]), Note)
    pack(run, state, tmp_path / "bundle", room)
    kept = {json.loads(line)["unit"] for line in (tmp_path / "bundle" / "steps.jsonl").read_text().splitlines()}
    assert "u4" in kept
    assert "u0" not in kept
    assert sum(path.stat().st_size for path in (tmp_path / "bundle").iterdir()) <= room
    assert unpack(tmp_path / "bundle", machine(tmp_path / "two"), tmp_path / "repo").plan == run.plan


def test_too_much_to_hand_over_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    state, run, store = begun(tmp_path)
    files: list[FileChange] = [written(store, f"f{n}.bin", os.urandom(12 * 2**20)) for n in range(5)]
    with pytest.raises(Refusal) as caught:
        pack(with_files(run, store, files), state, tmp_path / "bundle")
    assert caught.value.code == "too_big"
    assert not (tmp_path / "bundle" / MANIFEST).exists()


def test_act_10_an_older_bundle_does_not_undo_what_is_done(sent: dict[str, Any]) -> None:
    """ACT-10: the machine that went on keeps its own record; another plan's bundle replaces it."""
    two, repo = elsewhere(sent)
    run = unpack(sent["folder"], two, repo)
    older: Run = run.but(waves=(), tree="", evidence=None)
    assert goes_on_from(run, older)
    assert not goes_on_from(older, run)
    other = older.but(plan=run.plan.but(summary="another")) if run.plan else older
    assert not goes_on_from(run, other)
    pack(older, sent["state"], sent["tmp"] / "old")
    assert unpack(sent["tmp"] / "old", two, repo) == run
    pack(other, sent["state"], sent["tmp"] / "other")
    assert unpack(sent["tmp"] / "other", two, repo).waves == ()
