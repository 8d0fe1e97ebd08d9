"""How a job's work begins: the run from a bundle, a plain run.json or a ticket."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.errors import Refusal, UsageProblem

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.run import Run
    from factory.contracts.ticket import Ticket
    from factory.handover.units import Arrived
    from factory.settings import Settings


@dataclass(frozen=True)
class Order:
    """What `factory stage` was told; docs/cli.md says what each means."""

    name: str
    run: Path
    unit: str = ""
    changes: Path | None = None
    digest: str = ""
    repo: Path = Path()
    issue: str = ""
    ticket: Path | None = None
    base: str = ""
    bundle: bool = False
    config: Path | None = None
    sandbox: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.run.parent

    @property
    def units(self) -> Path:
        return self.changes or self.folder


def arrive(order: Order, state: "State") -> "tuple[Run, Settings, bool, bool]":
    """(the run, its settings, is it a bundle, is the stage's work there already)."""
    from factory.cli.job_settings import settings_of_job
    from factory.handover.bundle import MANIFEST
    from factory.stages.line import STAGES

    bundled = (order.folder / MANIFEST).is_file()
    if order.digest and not bundled:
        raise Refusal("bundle_damaged", f"{order.folder} holds no bundle: let the job before make it again.")
    if order.issue:
        run, bundled = _begun(order, state, bundled)
        merged = len(run.waves)
    elif bundled:
        came, now = _from_bundle(order, state)
        merged = len(came.waves)
        run = _of_the_ticket(
            came if order.unit else now, order, state
        )  # a unit is written on the tree its wave was told of
    else:
        run = _read(order.run)
        merged = len(run.waves)
        state.journal.adopt(run, _issue(run))
    run = _unproven(_once_more(run, state), order, state)
    done = {stage.__name__: predicate for stage, predicate in STAGES}
    passed = bundled and order.name != "work" and done[order.name](run)
    if order.name == "collect":
        passed = bundled and (len(run.waves) > merged or done["collect"](run))
    if bundled and not passed:
        _in_turn(order, run)
    return run, settings_of_job(order, run, state, bundled), bundled, passed


def _unproven(run: "Run", order: Order, state: "State") -> "Run":
    """What a job that asks models says it measured is measured again by the job that proves: nothing is taken over."""
    if order.environment.get("FACTORY_ZONE") != "prove" or order.name != "verify":
        return run
    from factory.handover.steer import unproven

    state.journal.forget(run.id, "verify")
    return unproven(run)


def _issue(run: "Run") -> str:
    from factory.ledger.issue import issue_key

    return issue_key(run)


def _once_more(run: "Run", state: "State") -> "Run":
    """A run that was stopped goes on: what could not be asked is asked again."""
    from factory.ledger.failures import forget_failures
    from factory.stages.refine import finished_units

    if run.stopped:
        forget_failures(state.db, run.id, run.stopped.stage, finished_units(run))
    return run.but(stopped=None)


def _in_turn(order: Order, run: "Run") -> None:
    """Raises UsageProblem when a stage before this one is missing."""
    from factory.stages.line import STAGES, following

    names = [stage.__name__ for stage, _ in STAGES]
    stage = following(run)
    if order.name in names and stage is not None and names.index(stage.__name__) < names.index(order.name):
        if (stage.__name__, order.name) == ("generate", "collect"):
            return
        raise UsageProblem(f"The run has not been through {stage.__name__} yet: run that stage first.")


def _from_bundle(order: Order, state: "State") -> "tuple[Run, Run]":
    """Raises Refusal; a damaged bundle that nobody vouched for is put aside when this machine knows the run."""
    from factory.handover.bundle import take_in

    try:
        return take_in(order.folder, state, order.repo, order.digest)
    except Refusal as refusal:
        known = None if order.digest else _known(order.folder, state)
        if known is None:
            raise
        put_aside(order.folder, str(refusal))
        return known, known


def _known(folder: Path, state: "State") -> "Run | None":
    """What this machine's own journal has of the run that a damaged bundle's manifest names."""
    from factory.handover.bundle import MANIFEST, Manifest
    from factory.handover.folder import read_one, record
    from factory.ledger.travel import run_known

    try:
        manifest = record(Manifest, read_one(folder / MANIFEST, 1024 * 1024) or b"", MANIFEST)
    except Refusal:
        return None
    return run_known(state.db, manifest.run)


def put_aside(folder: Path, why: str) -> None:
    """A damaged bundle is kept for people to look at, and counts as absent."""
    n = 1
    while (aside := folder.with_name(f"{folder.name}.damaged-{n}")).exists():
        n += 1
    folder.rename(aside)
    print(f"factory: {why} The damaged bundle lies in {aside}.", file=sys.stderr)


def _read(path: Path) -> "Run":
    from factory.contracts.record import ValidationError, problems
    from factory.contracts.run import Run

    try:
        return Run.from_json(path.read_bytes())
    except FileNotFoundError:
        raise UsageProblem(f"{path} does not exist: make it with `factory stage intake --repo … --issue …`.") from None
    except ValidationError as error:
        raise UsageProblem(f"{path} is not a run record: {problems(error)[0]}.") from None


def _begun(order: Order, state: "State", bundled: bool) -> "tuple[Run, bool]":
    """A new run; with a ticket, the one that this ticket began before if there is one."""
    from factory.app import new_run
    from factory.cli.options import issue_event, settings_file, settings_for

    if order.ticket:
        return _ticketed(order, state, order.ticket, bundled), True
    repo = order.repo.absolute()
    settings = settings_for(order.config, repo, order.sandbox)
    event, file = issue_event(order.issue), settings_file(order.config, repo)
    if bundled:
        put_aside(order.folder, "Another run's bundle lay here.")
    return new_run(state, repo, order.base, event, settings, file), order.bundle or bundled


def _ticketed(order: Order, state: "State", path: Path, bundled: bool) -> "Run":
    from factory.app import new_seal
    from factory.cli.job_settings import ticket_settings
    from factory.contracts.feedback import FILE
    from factory.handover.admitted import MAX_FEEDBACK, read_ticket, run_of
    from factory.handover.folder import read_one
    from factory.ledger.travel import run_in, run_known

    ticket = read_ticket(path)
    _verify(ticket, order)
    if bundled:  # a job that runs again with what an earlier attempt left
        try:
            run = _from_bundle(order, state)[1]
            if run.id == ticket.run:
                return run
            if _may_go_on(run, ticket):
                return _steered(run, ticket, state, order)
            raise Refusal("untrusted_artifact", f"The bundle is of run {run.id}, not of this ticket.")
        except Refusal as refusal:
            if order.digest:
                raise
            put_aside(order.folder, str(refusal))
    snapshot = Path(order.issue).read_bytes() if Path(order.issue).is_file() else b""
    feedback = (read_one(Path(order.issue).parent / FILE, MAX_FEEDBACK) or b"") if ticket.feedback else b""
    settings = ticket_settings(order, ticket, state)
    kept = state.blobs(ticket.run).put(settings.to_json().encode())
    run = run_of(ticket, snapshot, order.repo.absolute(), kept, settings.sandbox.kind, feedback)
    known = run_known(state.db, run.id)
    if known and (known.event, known.repo) == (run.event, run.repo):
        return known.but(ticket=ticket)
    run = run.but(seal=new_seal(run.id, state))
    run_in(state.db, run, _issue(run))
    return run


def _of_the_ticket(run: "Run", order: Order, state: "State") -> "Run":
    """The run with the ticket of this workflow's gate. Raises Refusal when the bundle is of another run or commit."""
    from factory.contracts.ticket import Ticket
    from factory.handover.admitted import pinned
    from factory.handover.folder import record

    told = order.environment.get("FACTORY_TICKET", "")
    ticket = record(Ticket, told.encode(), "FACTORY_TICKET") if told else run.ticket
    if ticket is None:
        return run
    _verify(ticket, order)
    if run.id != ticket.run and _may_go_on(run, ticket):
        return _steered(run, ticket, state, order)
    if (run.id, run.repo.commit) != (ticket.run, pinned(ticket)):
        raise Refusal(
            "untrusted_artifact",
            f"The bundle is of run {run.id} on {run.repo.commit[:12]}, the ticket of {ticket.run} on "
            f"{pinned(ticket)[:12]}: it is not acted on.",
        )
    return run.but(ticket=ticket)


def _may_go_on(run: "Run", ticket: "Ticket") -> bool:
    """A run may be gone on with by a word on the same issue of the same repository, from the same commit."""
    from factory.handover.steer import steers

    before = run.ticket
    if before is None or not steers(ticket):
        return False
    return (before.repo, before.issue, run.repo.commit) == (ticket.repo, ticket.issue, ticket.base_sha)


def _steered(old: "Run", ticket: "Ticket", state: "State", order: Order) -> "Run":
    """The new run, or what this machine has of it already."""
    from factory.contracts.feedback import FILE
    from factory.handover.admitted import MAX_FEEDBACK, said_of, text_of
    from factory.handover.folder import read_one
    from factory.handover.steer import begin
    from factory.ledger.travel import run_in, run_known

    known = run_known(state.db, ticket.run)
    if known:
        return known
    gate = order.folder.parent / "gate"  # what this word's own gate left
    raw = read_one(gate / FILE, MAX_FEEDBACK) if ticket.feedback else b""
    snapshot = read_one(gate / "issue.md", MAX_FEEDBACK) if ticket.text else None
    text = text_of(ticket, snapshot) if snapshot else ""
    run = begin(old, ticket, state, said_of(ticket, raw or b""), text)
    run_in(state.db, run, _issue(run))
    return run


def _verify(ticket: "Ticket", order: Order) -> None:
    """The ticket is the gate's own where the owner has set up its key."""
    from factory.forge.tickets import verify

    public, repo = (order.environment.get(name, "") for name in ("FACTORY_GATE_PUBLIC", "GITHUB_REPOSITORY"))
    verify(ticket, public, repo=repo, same_run=True)


def taken_in(order: Order, run: "Run", state: "State") -> "tuple[Arrived, ...]":
    """The next wave's units from their files. A unit whose job left nothing is taken to have used all it might."""
    from factory.cli.job_settings import share_of_unit
    from factory.handover.lost import book
    from factory.handover.units import unpack_units
    from factory.stages.generate import missing

    wanted = missing(run)
    if not wanted:
        raise UsageProblem("All units of the plan are merged already: verify comes next.")
    share = share_of_unit(order, run, state)  # as the wave's jobs were told, so before their rows come in
    arrived = unpack_units((order.units,), wanted, run, state)
    book(arrived, run, state, share)
    return arrived
