"""A run as a folder of text files: what one job leaves and the next, on another machine, takes up.

The receiver believes none of it: names, sizes, digests and forms are checked, git trees are built anew and compared.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from factory.contracts.errors import GitProblem, Refusal, UsageProblem
from factory.contracts.record import Field, Record, digest
from factory.contracts.run import Run
from factory.contracts.seams import Clock
from factory.db import Database
from factory.files import BlobFolder, write_whole
from factory.git import Store, borrow, run_git
from factory.handover import sendings
from factory.handover.contents import Content, bytes_of, content_of
from factory.handover.folder import MAX_BUNDLE, damaged, plain, read_all, record, records
from factory.handover.lineage import goes_on_from
from factory.handover.steps import StepLine, lines_of, steps_of
from factory.handover.trees import Forest, forest_of, plant
from factory.ledger import travel
from factory.ledger.issue import issue_key

VERSION = 1
MANIFEST = "manifest.json"
FILES = (
    "run.json", "trees.json", "blobs.json", "steps.jsonl", "spend.jsonl", "egress.jsonl", "trail.jsonl",
)  # fmt: skip
_KEY = re.compile(r"\b[0-9a-f]{64}\b")


class State(Protocol):
    """What outlives a run on this machine; implemented by factory.app.State."""

    @property
    def db(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    def run_folder(self, run: str) -> Path: ...

    def blobs(self, run: str) -> BlobFolder: ...


class Mark(Record):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, le=MAX_BUNDLE)


class Manifest(Record):
    version: int = Field(ge=VERSION, le=VERSION)
    run: str
    files: dict[str, Mark] = Field(max_length=len(FILES))


class Blobs(Record):
    """Content-addressed bytes beside the run, by sha256."""

    blobs: dict[str, Content] = Field(default={}, max_length=20_000)


def pack(run: Run, state: State, folder: Path, most: int = MAX_BUNDLE) -> str:
    """Write the bundle of at most `most` bytes, the manifest last; returns its sha256. Raises Refusal('too_big')."""
    store = Store(state.run_folder(run.id) / "repo.git", Path(run.repo.path))
    files = {
        "run.json": run.to_json(indent=2) + "\n",
        "trees.json": forest_of(run, store).to_json() + "\n",
        **_ledgers(run, state),
    }
    room = most - sum(len(text.encode()) for text in files.values())
    steps = _history(run, state, room // 2)
    files["steps.jsonl"] = steps
    files["blobs.json"] = _blobs(run, state, steps).to_json() + "\n"
    raw = {name: text.encode() for name, text in files.items()}
    if sum(map(len, raw.values())) > most:
        raise Refusal("too_big", f"The bundle has over {most // 2**20} MiB: make the task smaller.")
    marks = {name: Mark(sha256=digest(data), size=len(data)) for name, data in sorted(raw.items())}
    manifest = Manifest(version=VERSION, run=run.id, files=marks).to_json(indent=2).encode() + b"\n"
    for name, data in raw.items():
        write_whole(folder / name, data)
    write_whole(folder / MANIFEST, manifest)
    return digest(manifest)


def unpack(folder: Path, state: State, repo: Path, digest: str = "") -> Run:
    """Check the bundle and take it into the state; the run's repository is `repo` from now on.

    Where this machine has gone on from the bundle already, what it has is returned. Raises Refusal.
    """
    return take_in(folder, state, repo, digest)[1]


def take_in(folder: Path, state: State, repo: Path, digest: str = "") -> tuple[Run, Run]:
    """(the run as it came, the run as this machine has it now)."""
    files = read_bundle(folder, digest)
    run = record(Run, files["run.json"], "run.json")
    came = run.but(repo=run.repo.but(path=str(repo.resolve())), config="", output=None)
    _has_commit(came, repo)
    store_at(came, state, repo)
    plant(record(Forest, files["trees.json"], "trees.json"), came, Store(state.run_folder(came.id) / "repo.git", repo))
    for key, content in record(Blobs, files["blobs.json"], "blobs.json").blobs.items():
        if state.blobs(came.id).put(bytes_of(content)) != key:
            raise Refusal("digest_mismatch", f"The blob {key[:12]} is not what it is called: run the job again.")
    return came, _taken_in(came, state, files)


def read_bundle(folder: Path, wanted: str = "") -> dict[str, bytes]:
    """Every file with the digest and size that the manifest says, the manifest with the one that was told."""
    files = read_all(folder, (*FILES, MANIFEST))
    if MANIFEST not in files:
        damaged(f"{folder} has no {MANIFEST}")
    found = digest(files[MANIFEST])
    if wanted and found != wanted:
        raise Refusal("digest_mismatch", f"The bundle is {found[:12]}, not {wanted[:12]} as announced: run it again.")
    plain(files[MANIFEST], MANIFEST)
    manifest = record(Manifest, files.pop(MANIFEST), MANIFEST)
    if set(manifest.files) != set(FILES):
        damaged(f"{MANIFEST} names other files than a bundle has")
    for name, mark in manifest.files.items():
        if name not in files:
            damaged(f"{name} is missing")
        if (len(files[name]), digest(files[name])) != (mark.size, mark.sha256):
            raise Refusal("digest_mismatch", f"{name} is not what {MANIFEST} says: run the job that made it again.")
    if record(Run, files["run.json"], "run.json").id != manifest.run:
        damaged("run.json is of another run")
    return files


def _taken_in(came: Run, state: State, files: dict[str, bytes]) -> Run:
    issue, known = issue_key(came), travel.run_known(state.db, came.id)
    ahead = known is not None and goes_on_from(known, came)
    steps = steps_of(records(StepLine, files["steps.jsonl"], "steps.jsonl"))
    travel.steps_in(state.db, came.id, steps, replace=not ahead)
    for name, kind in _LEDGERS.items():
        travel.rows_in(state.db, came.id, issue, records(kind, files[name], name))
    sent = records(sendings.SendingLine, files["egress.jsonl"], "egress.jsonl")
    travel.rows_in(state.db, came.id, issue, sendings.rows_of(sent))
    if known is not None and ahead:
        came = known.but(repo=came.repo, ticket=came.ticket)
    travel.run_in(state.db, came, issue)
    return came


_LEDGERS: dict[str, type[travel.Row]] = {
    "spend.jsonl": travel.SpendRow, "trail.jsonl": travel.TrailRow,
}  # fmt: skip


def _ledgers(run: Run, state: State) -> dict[str, str]:
    texts = {name: lines(travel.rows_out(state.db, run.id, kind)) for name, kind in _LEDGERS.items()}
    sent = sendings.lines_of(travel.rows_out(state.db, run.id, travel.EgressRow))
    return {**texts, "egress.jsonl": lines(sent)}


def lines(rows: Iterable[Record]) -> str:
    return "".join(f"{row.to_json()}\n" for row in rows)


def _history(run: Run, state: State, room: int) -> str:
    """The steps, place by place; when there is no room for all, those of the places left first stay out."""
    places: dict[tuple[str, str], list[StepLine]] = {}
    for line in lines_of(travel.steps_out(state.db, run.id)):
        places.setdefault((line.stage, line.unit), []).append(line)
    texts = {place: lines(rows) for place, rows in places.items()}
    size = sum(len(text.encode()) for text in texts.values())
    for place in sorted(places, key=lambda key: places[key][-1].started):
        if size <= room:
            break
        size -= len(texts.pop(place).encode())
    return "".join(texts.values())


def _blobs(run: Run, state: State, steps: str) -> Blobs:
    """What the record and the steps speak of, as far as it is here."""
    blobs, found = state.blobs(run.id), {}
    for key in _keys(run.to_json(), steps):
        if blobs.path(key).is_file():
            found[key] = content_of(blobs.get(key))
    return Blobs(blobs=found)


def _keys(*texts: str) -> Iterator[str]:
    yield from sorted({key for text in texts for key in _KEY.findall(text)})


def _has_commit(run: Run, repo: Path) -> None:
    """Raises UsageProblem when the checkout lacks the run's commit."""
    try:
        tree = run_git(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{run.repo.commit}^{{tree}}")
    except GitProblem:
        raise UsageProblem(
            f"{repo} does not have the commit {run.repo.commit[:12]}: check that commit out (git fetch origin "
            f"{run.repo.commit})."
        ) from None
    if tree.decode().strip() != run.repo.tree:
        raise Refusal("digest_mismatch", f"The run's base is not the tree of {run.repo.commit[:12]}: start it again.")


def store_at(run: Run, state: State, repo: Path) -> None:
    """The run's own store borrows from the checkout of today: that of an earlier job may be gone."""
    folder = state.run_folder(run.id) / "repo.git"
    Store(folder, repo)
    borrow(folder, repo)
