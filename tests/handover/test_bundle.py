"""Bundles that are whole come out as they went in; any other is refused with a fixed word."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factory.app import State
from factory.contracts.change import FileChange
from factory.contracts.errors import Refusal, UsageProblem
from factory.contracts.model import Piece, Usage
from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.git import Store
from factory.handover.bundle import FILES, MANIFEST, pack, unpack
from factory.handover.folder import MAX_BUNDLE
from factory.handover.lineage import goes_on_from
from factory.ledger.egress import Egress
from factory.ledger.spend import Spend, Use
from factory.settings import BudgetSettings
from tests.handover.runs import Note, begun, deleted, machine, with_files, written

BINARY = bytes(range(256)) * 40


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


def rows(state: State, table: str) -> list[tuple[Any, ...]]:
    found = state.db.connection().execute(f"SELECT * FROM {table}").fetchall()
    return sorted(
        tuple(value for name, value in dict(row).items() if name not in ("id", "origin", "issue", "repo"))
        for row in found
    )


def elsewhere(sent: dict[str, Any], name: str = "two") -> tuple[State, Path]:
    repo = sent["tmp"] / name / "clone"
    shutil.copytree(sent["repo"], repo)
    return machine(sent["tmp"] / name / "state"), repo


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
    assert state.blobs(run.id).get(run.settings) == sent["state"].blobs(run.id).get(run.settings)


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


def remade(sent: dict[str, Any], name: str, text: str | bytes) -> None:
    """A file replaced by somebody who knows how to write a manifest."""
    data = text.encode() if isinstance(text, str) else text
    (sent["folder"] / name).write_bytes(data)
    manifest = json.loads((sent["folder"] / MANIFEST).read_text())
    manifest["files"][name] = {"sha256": digest(data), "size": len(data)}
    (sent["folder"] / MANIFEST).write_text(json.dumps(manifest))


def changed(sent: dict[str, Any], name: str, change: Callable[[Any], None]) -> None:
    value = json.loads((sent["folder"] / name).read_text())
    change(value)
    remade(sent, name, json.dumps(value))


def refused(sent: dict[str, Any], told: str = "") -> str:
    state, repo = elsewhere(sent, f"r{os.urandom(3).hex()}")
    with pytest.raises(Refusal) as caught:
        unpack(sent["folder"], state, repo, told)
    assert state.db.connection().execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 0
    return caught.value.code


def test_art_02_changed_after_upload(sent: dict[str, Any]) -> None:
    """ART-02: any byte of any file, with and without a manifest that agrees."""
    whole = {name: (sent["folder"] / name).read_bytes() for name in FILES}
    for name, data in whole.items():
        (sent["folder"] / name).write_bytes(data + b" ")
        assert refused(sent) == "digest_mismatch", name
        (sent["folder"] / name).write_bytes(data)
    remade(sent, "trail.jsonl", "")
    assert refused(sent, sent["digest"]) == "digest_mismatch"


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_crs_05_truncated(sent: dict[str, Any], name: str) -> None:
    """CRS-05: half of a file is no file; a missing one neither."""
    data = (sent["folder"] / name).read_bytes()
    (sent["folder"] / name).write_bytes(data[: len(data) // 2] if data else b"{")
    assert refused(sent) in ("bundle_damaged", "digest_mismatch")
    (sent["folder"] / name).unlink()
    assert refused(sent) == "bundle_damaged"


def _rename(path: str, trees: Any) -> None:
    trees["steps"][0]["files"][0].update(path=path)


def test_art_03_fields_types_names_depth_and_size(sent: dict[str, Any]) -> None:
    """ART-03: strict records, an id that is no path, 10,000 levels, 50 MB of them."""
    whole = {path.name: path.read_bytes() for path in sent["folder"].iterdir()}

    def fresh() -> None:
        for name, data in whole.items():
            (sent["folder"] / name).write_bytes(data)

    def spoilt(change: Callable[[Any], None], name: str = "run.json") -> str:
        fresh()
        changed(sent, name, change)
        return refused(sent)

    assert spoilt(lambda run: run.update(extra=1)) == "bundle_damaged"
    assert spoilt(lambda run: run.update(waves="none")) == "bundle_damaged"
    assert spoilt(lambda run: run.update(id="../../x")) == "bundle_damaged"
    assert spoilt(lambda run: run["plan"]["units"][0].update(id="../../x")) == "bundle_damaged"
    for path in ("../../x", ".git/config", "/etc/passwd"):
        assert spoilt(partial(_rename, path), "trees.json") == "bundle_damaged", path
    assert spoilt(lambda run: run.update(id="another")) == "bundle_damaged"
    deep = "[" * 10_000 + "]" * 10_000
    for name in ("run.json", "trees.json", "blobs.json", "steps.jsonl", "spend.jsonl"):
        fresh()
        remade(sent, name, deep)
        assert refused(sent) == "bundle_damaged", name
    fresh()
    (sent["folder"] / MANIFEST).write_text(deep)
    assert refused(sent) == "bundle_damaged"
    fresh()
    remade(sent, "trail.jsonl", b" " * (MAX_BUNDLE + 1))
    assert refused(sent) == "too_big"
    fresh()
    remade(sent, "run.json", b"[" * 50_000_000)
    assert refused(sent) == "bundle_damaged"


def test_art_03_money_is_never_negative_and_of_this_run_only(sent: dict[str, Any]) -> None:
    """ART-03: a row that would give budget back is no row."""
    line = json.loads((sent["folder"] / "spend.jsonl").read_text().splitlines()[0])
    for change in ({"cost": -5}, {"seconds": float("inf")}, {"origin": "x"}, {"run": "other"}):
        remade(sent, "spend.jsonl", json.dumps({**line, **change}) + "\n")
        assert refused(sent) == "bundle_damaged", change


def test_art_03_texts_that_unfold_without_end(sent: dict[str, Any]) -> None:
    """ART-03: lines that double the one before would be gigabytes."""
    line = json.loads((sent["folder"] / "steps.jsonl").read_text().splitlines()[0])
    size, lines = 64, [{**line, "n": 0, "input": ["x" * 64], "output": []}]
    for n in range(1, 60):
        lines.append({**line, "n": n, "input": [[0, size], [0, size]], "output": []})
        size *= 2
    remade(sent, "steps.jsonl", "\n".join(map(json.dumps, lines)))
    assert refused(sent) in ("bundle_damaged", "too_big")
    many = [{**lines[0], "input": ["x" * 2**24]}] + [{**line, "n": n, "input": [[0, 2**24]], "output": [[0, 2**24]]}
                                                     for n in range(1, 40)]  # fmt: skip
    remade(sent, "steps.jsonl", "\n".join(map(json.dumps, many)))
    assert refused(sent) == "too_big"
    for wrong in ([[-1, 5]], [[0, -1]], [[0, 1]], [[0]], ["x", 3]):
        remade(sent, "steps.jsonl", json.dumps({**line, "input": wrong}))
        assert refused(sent) == "bundle_damaged", wrong
    sending = json.loads((sent["folder"] / "egress.jsonl").read_text())
    remade(sent, "steps.jsonl", "")
    remade(sent, "egress.jsonl", json.dumps({**sending, "pieces": [7]}))
    assert refused(sent) == "bundle_damaged"


@pytest.mark.parametrize("name", ["run.json", "blobs.json", "trees.json", MANIFEST])
def test_art_04_only_json_is_read(sent: dict[str, Any], name: str) -> None:
    """ART-04: a pickle, YAML with a Python object, a torch file: none is loaded, under any name."""
    trap = sent["tmp"] / "trap"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (trap.write_text, ("sprung",))

    torch = b"PK\x03\x04" + b"archive/data.pkl" + pickle.dumps(Trap())
    yaml = b"!!python/object/apply:os.system ['touch " + bytes(trap) + b"']\n"
    for data in (pickle.dumps(Trap()), torch, yaml):
        (sent["folder"] / name).write_bytes(data) if name == MANIFEST else remade(sent, name, data)
        assert refused(sent) == "bundle_damaged"
    for other in ("model.pt", "run.pkl", "plan.yaml"):
        (sent["folder"] / other).write_bytes(torch)
        assert refused(sent) == "bundle_damaged"
        (sent["folder"] / other).unlink()
    assert not trap.exists()


def test_no_link_is_followed_and_nothing_but_files_is_read(sent: dict[str, Any]) -> None:
    target = sent["tmp"] / "elsewhere.json"
    target.write_bytes((sent["folder"] / "run.json").read_bytes())
    (sent["folder"] / "run.json").unlink()
    (sent["folder"] / "run.json").symlink_to(target)
    assert refused(sent) == "bundle_damaged"
    (sent["folder"] / "run.json").unlink()
    os.mkfifo(sent["folder"] / "run.json")
    assert refused(sent) == "bundle_damaged"
    linked = sent["tmp"] / "linked"
    linked.symlink_to(sent["folder"])
    with pytest.raises(Refusal):
        unpack(linked, *elsewhere(sent))


def test_art_08_a_tree_that_comes_out_otherwise(sent: dict[str, Any]) -> None:
    """ART-08: the receiver builds the trees itself and compares their ids; blobs too."""

    def drift(trees: Any) -> None:
        trees["steps"][0]["files"] = trees["steps"][0]["files"][1:]

    whole = (sent["folder"] / "trees.json").read_text()
    changed(sent, "trees.json", drift)
    assert refused(sent) == "digest_mismatch"
    remade(sent, "trees.json", whole)

    def swap(trees: Any) -> None:
        oid = next(iter(trees["blobs"]))
        trees["blobs"][oid] = {"text": "something else"}

    changed(sent, "trees.json", swap)
    assert refused(sent) == "digest_mismatch"
    remade(sent, "trees.json", whole)
    changed(sent, "trees.json", lambda trees: trees.update(steps=[]))
    assert refused(sent) == "bundle_damaged"
    remade(sent, "trees.json", whole)
    changed(sent, "run.json", lambda run: run["repo"].update(tree=run["tree"]))
    assert refused(sent) == "digest_mismatch"


def test_a_checkout_without_the_commit_says_so(sent: dict[str, Any], tmp_path: Path) -> None:
    _, _, other = begun(tmp_path / "other", {"x": "y"})
    with pytest.raises(UsageProblem, match="check that commit out"):
        unpack(sent["folder"], machine(tmp_path / "s"), other.target)


def test_more_than_fits_leaves_old_steps_behind(tmp_path: Path) -> None:
    """The record, the trees and the money always travel; history only as far as there is room."""
    state, run, _ = begun(tmp_path)
    for n in range(5):
        scope = state.journal.scope(run.id, "generate", f"u{n}")
        text = os.urandom(4 * 2**20).hex()
        scope.step("note", Note(text=text), partial(Note, text=text[:10]), Note)
    pack(run, state, tmp_path / "bundle")
    kept = {json.loads(line)["unit"] for line in (tmp_path / "bundle" / "steps.jsonl").read_text().splitlines()}
    assert "u4" in kept
    assert "u0" not in kept
    assert sum(path.stat().st_size for path in (tmp_path / "bundle").iterdir()) <= MAX_BUNDLE
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
