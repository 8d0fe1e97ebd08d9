"""Bundles that were cut, changed, forged or are something else: each is refused with a fixed word."""

import json
import os
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from factory.contracts.errors import Refusal
from factory.contracts.record import digest
from factory.handover.bundle import FILES, MANIFEST, unpack
from factory.handover.folder import MAX_BUNDLE
from tests.handover.runs import elsewhere


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
