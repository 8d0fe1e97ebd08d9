"""One unit's work as two files, `change-ID.json` and `unit-ID.json`: what the job of a matrix leaves for collect."""

from collections.abc import Sequence
from pathlib import Path

from factory.contracts.change import Change
from factory.contracts.errors import GitProblem, Refusal
from factory.contracts.plan import Unit
from factory.contracts.record import Field, Record, digest
from factory.contracts.run import Run, Stop
from factory.files import write_whole
from factory.git import Store
from factory.handover import sendings
from factory.handover.bundle import VERSION, State
from factory.handover.contents import Content
from factory.handover.folder import read_one, record
from factory.handover.steps import StepLine, lines_of, steps_of
from factory.handover.trees import Oid, blobs_of, put_blobs
from factory.ledger import travel
from factory.ledger.issue import issue_key

MAX_UNIT = 16 * 1024 * 1024  # bytes of the two files of one unit
STAGE = "generate"


class UnitFile(Record):
    """What belongs to a change: its blobs, its steps, its money, what it sent. `stopped`: why it could not go on."""

    version: int = Field(ge=VERSION, le=VERSION)
    run: str
    unit: str
    change: str = Field(pattern=r"^[0-9a-f]{64}$")  # sha256 of change-ID.json
    stopped: Stop | None = None
    base: str = Oid
    objects: dict[str, Content] = Field(default={}, max_length=5000)
    steps: tuple[StepLine, ...] = ()
    spend: tuple[travel.SpendRow, ...] = ()
    egress: tuple[sendings.SendingLine, ...] = ()
    trail: tuple[travel.TrailRow, ...] = ()


class Arrived(Record):
    """What came of one unit of a wave. Without `came` nothing usable did, and its change says why."""

    change: Change
    came: bool
    stopped: Stop | None = None


def pack_unit(change: Change, run: Run, state: State, folder: Path, stopped: Stop | None = None) -> str:
    """Write both files, the change last; returns its sha256. When they get too big, the steps stay behind."""
    store = Store(state.run_folder(run.id) / "repo.git", Path(run.repo.path))
    text = (change.to_json(indent=2) + "\n").encode()
    sent = sendings.lines_of(travel.rows_out(state.db, run.id, travel.EgressRow))
    made = UnitFile.model_validate({
        "version": VERSION, "run": run.id, "unit": change.unit, "change": digest(text), "stopped": stopped,
        "base": change.base, "objects": blobs_of(run, store, change.files),
        "steps": tuple(lines_of(travel.steps_out(state.db, run.id, STAGE, change.unit))),
        "spend": tuple(travel.rows_out(state.db, run.id, travel.SpendRow)), "egress": tuple(sent),
        "trail": tuple(travel.rows_out(state.db, run.id, travel.TrailRow)),
    })  # fmt: skip
    raw = made.to_json().encode()
    if len(raw) + len(text) > MAX_UNIT:
        raw = made.but(steps=()).to_json().encode()
    if len(raw) + len(text) > MAX_UNIT:
        raise Refusal("too_big", f"Unit {change.unit} wrote more than {MAX_UNIT // 2**20} MiB: make it smaller.")
    write_whole(folder / f"unit-{change.unit}.json", raw)
    write_whole(folder / f"change-{change.unit}.json", text)
    return digest(text)


def unpack_units(folders: Sequence[Path], units: Sequence[Unit], run: Run, state: State) -> tuple[Arrived, ...]:
    """Each unit of the wave, in its order. One that is missing or damaged is reported as failed, not forgotten."""
    places = [place for folder in folders for place in (folder, *_below(folder))]
    return tuple(_one(places, unit, run, state) for unit in units)


def _below(folder: Path) -> list[Path]:
    """Artifacts that were downloaded one a folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())[:100]


def _one(places: Sequence[Path], unit: Unit, run: Run, state: State) -> Arrived:
    name = f"change-{unit.id}.json"
    place = next((each for each in places if (each / name).is_file()), None)
    try:
        data = read_one(place / name, MAX_UNIT) if place else None
        if place is None or data is None:
            return _lost(unit, run, f"there is no {name}")
        change = record(Change, data, name)
        if change.unit != unit.id:
            return _lost(unit, run, f"{name} is damaged: it is of another unit")
        return _with_objects(place, change, digest(data), run, state)
    except (Refusal, GitProblem) as problem:
        return _lost(unit, run, f"{name} is damaged: {problem}")


def _with_objects(place: Path, change: Change, found: str, run: Run, state: State) -> Arrived:
    """A change whose objects came with it, or are here already because its job ran on this machine."""
    store = Store(state.run_folder(run.id) / "repo.git", Path(run.repo.path))
    raw = read_one(place / f"unit-{change.unit}.json", MAX_UNIT)
    if raw is None:
        for file in change.files:
            if file.op == "write":
                store.read(file.oid)
        return Arrived(change=change, came=True)
    made = record(UnitFile, raw, f"unit-{change.unit}.json")
    if (made.run, made.unit, made.change, made.base) != (run.id, change.unit, found, change.base):
        raise Refusal("digest_mismatch", "it does not belong to the file beside it.")
    put_blobs(made.objects, store)
    mine = [step for step in made.steps if step.stage == STAGE and f"{step.unit}.".startswith(f"{change.unit}.")]
    travel.steps_in(state.db, run.id, steps_of(mine), replace=True)
    for rows in (made.spend, sendings.rows_of(made.egress), made.trail):
        travel.rows_in(state.db, run.id, issue_key(run), rows)
    return Arrived(change=change, came=True, stopped=made.stopped)


def _lost(unit: Unit, run: Run, why: str) -> Arrived:
    tree = run.tree or run.repo.tree
    change = Change(unit=unit.id, role=unit.role, title=unit.title, base=tree, error=why)
    return Arrived(change=change, came=False)
