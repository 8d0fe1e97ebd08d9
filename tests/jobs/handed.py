"""Runs as the jobs before `ship` hand them over: real trees, merged by the real rules, packed as a bundle."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory.app import open_state
from factory.contracts.change import Change
from factory.contracts.evidence import Counts, Evidence, Outcome, SuiteResult
from factory.contracts.finding import Finding, finding
from factory.contracts.model import Usage
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.contracts.tables import BudgetSettings, PathSettings
from factory.contracts.task import Task
from factory.contracts.ticket import Ticket
from factory.contracts.verdict import Round, Verdict
from factory.edits.merge import merge
from factory.edits.paths import PathPolicy
from factory.git import Store
from factory.handover.admitted import run_of
from factory.handover.bundle import pack
from factory.ledger.issue import issue_key
from factory.ledger.spend import Spend, Use
from factory.ledger.travel import run_in
from factory.settings import Settings
from tests.handover.runs import written
from tests.jobs.place import Place

SNAPSHOT = b"Codes at the checkout\n\nAdd them."
FILES: dict[str, str | bytes] = {
    "app.py": "def one():\n    return 1\n",
    "web.py": "PAGE = 'old'\n",
    "README.md": "hi\n",
}
APP = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
ZERO = finding("hydra.correctness", "magic", "Two is always two.", path="app.py", start=6, severity="medium",
               evidence="return 2", fix="```python\n    return 1 + 1\n```")  # fmt: skip
FAR = finding("athena.threat", "leak", "Something elsewhere @octocat fixes #1.", path="README.md", start=1,
              severity="high")  # fmt: skip


@dataclass
class Handed:
    run: Run
    folder: Path
    digest: str

    def into(self, temp: Path) -> Path:
        """Where the ship job finds it."""
        import shutil

        shutil.copytree(self.folder, temp / "bundle", dirs_exist_ok=True)
        return temp / "bundle"


def admitted(here: Place, issue: int, **more: object) -> Ticket:
    return here.ticket(issue, text=digest(SNAPSHOT), **more)


def handed(here: Place, ticket: Ticket, *, spent: int = 300_000, accepted: bool = False,
           findings: tuple[Finding, ...] = (), path: str = "app.py", text: str = APP,
           broken: bool = False, forged: bool = False, snapshot: bytes = SNAPSHOT, feedback: bytes = b"",
           then: Callable[[Run, Store], Run] = lambda run, store: run, **facts: object) -> Handed:  # fmt: skip
    """A run of two units: `api` wrote `path`, `page` wrote web.py (with `broken`: nothing). `forged`: as a job
    would leave it that a model has taken over, without the merge's rules. `then`: what came after."""
    n = len(list(here.folder.glob("made-*")))
    folder = here.folder / f"made-{n}"
    folder.mkdir()
    state = open_state(folder / "state")
    settings = Settings()
    kept = state.blobs(ticket.run).put(settings.to_json().encode())
    run = run_of(ticket, snapshot, here.clone, kept, "bubblewrap", feedback)
    run_in(state.db, run, issue_key(run))
    store = Store(state.run_folder(run.id) / "repo.git", here.clone)
    run = run.but(task=_task(), plan=_plan(path))
    assert run.plan
    changes = (
        Change(unit="api", role="backend", title="Add two", base=run.repo.tree, files=(written(store, path, text),),
               models=("qwen",)),
        Change(unit="page", role="frontend", title="Show it", base=run.repo.tree, models=("qwen",),
               files=() if broken else (written(store, "web.py", "PAGE = 'new'\n"),),
               error="no edit applies" if broken else ""),
    )  # fmt: skip
    wave = merge(store, run.repo.tree, run.plan, changes, PathPolicy.of(PathSettings()), 1)
    if forged:
        first = store.overlay(run.repo.tree, changes[0].files)
        last = store.overlay(first, changes[1].files)
        wave = wave.but(changes=changes, trees=(first, last), tree=last)
    run = run.but(waves=(wave,), tree=wave.tree, evidence=evidence_of(wave.tree, run.repo.tree))
    if accepted or findings:
        run = run.but(rounds=(_round(run, findings, accepted),), verdict=_verdict(accepted))
    run = then(Run.model_validate({**run.model_dump(), **facts}), store)
    _spend(state, run, spent)
    state.journal.adopt(run, issue_key(run))
    return Handed(run, folder / "bundle", pack(run, state, folder / "bundle"))


def _spend(state: object, run: Run, spent: int) -> None:
    from factory.app import State

    assert isinstance(state, State)
    if spent:
        spend = Spend(state.db, BudgetSettings(), state.clock)
        use = Use(run=run.id, issue="i", role="backend", endpoint="box")
        spend.settle(spend.reserve(use, spent, 10), use, spent, Usage(input=5, output=2), 1.0)


def _task() -> Task:
    return Task(number="1", title="Codes at the checkout", body="Add them.", kind="feature", digest="0" * 64)


def _plan(path: str) -> Plan:
    units = (
        Unit(id="api", role="backend", title="Add two", instructions="x", owns=(path,), acceptance=("A1",)),
        Unit(id="page", role="frontend", title="Show it", instructions="x", owns=("web.py",), acceptance=("A1",)),
    )
    return Plan(summary="Two units.", effort=5, acceptance=(Criterion(id="A1", text="It adds two."),), units=units)


def evidence_of(tree: str, base: str) -> Evidence:
    outcome = Outcome(status="passed", counts=Counts(collected=3, passed=3), counted=True)
    suite = SuiteResult(name="pytest", command="pytest -q", base=outcome, candidate=outcome)
    return Evidence(tree=tree, base=base, suites=(suite,), tests_found=True, sandbox="bubblewrap (user)")


def _round(run: Run, findings: tuple[Finding, ...], accepted: bool) -> Round:
    decision = "accept" if accepted else "stop"
    return Round(n=1, tree=run.tree, findings=findings, evidence=run.evidence, verdict=_verdict(accepted),
                 decision=decision, why="it holds" if accepted else "open findings")  # fmt: skip


def _verdict(accepted: bool) -> Verdict:
    decision = "ACCEPT" if accepted else "REVISE"
    return Verdict(decision=decision, confidence=0.9 if accepted else 0.4, reasons=("It adds two.",), model="qwen")
