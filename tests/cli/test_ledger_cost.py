"""`factory ledger cost`: one run, merged changes as the memory has them, a month's page; and the cards' counters."""

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from factory.app import State, new_run, open_state
from factory.cli.metering import metered
from factory.contracts.books import Row
from factory.contracts.memory import Observation
from factory.contracts.memory_settings import MemorySettings
from factory.contracts.model import Usage
from factory.contracts.run import Run
from factory.contracts.tables import BudgetSettings
from factory.contracts.task import Event
from factory.contracts.ticket import Ticket
from factory.gpu.nvml import joules
from factory.ledger.spend import Spend, Use
from factory.memory.lines import exact, signed
from factory.memory.store import open_memory
from factory.settings import Settings
from tests.line.targets import factory, git, repository

SETTINGS = """
[endpoints.cloud]
wire = "openai"
url = "https://api.example.com/v1"
model = "m-frontier"
tier = "frontier"
price_in = 3
price_out = 15

[cards.0]
watts = 300
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    return open_state(tmp_path / "state")


@pytest.fixture
def run(state: State, tmp_path: Path) -> Run:
    repo = repository(tmp_path / "repo", {"a.py": "x = 1\n"})
    (tmp_path / "factory.toml").write_text(SETTINGS)
    made = new_run(state, repo, "", Event(kind="issue", source="7.md", text="Two\n\nAdd two."), Settings())
    use = Use(run=made.id, issue="", role="backend", endpoint="box")
    Spend(state.db, BudgetSettings(), state.clock).record(use, 0, Usage(input=1_000_000, output=100_000), 3600)
    return made


def test_one_run_says_what_frontier_only_would_have_cost(run: Run, state: State, tmp_path: Path) -> None:
    said = factory(state.folder, "ledger", "cost", run.id, "--config", tmp_path / "factory.toml").stdout
    assert "Frontier-only: $4.50 (m-frontier: $3 in, $15 out per million tokens, no caching)" in said
    assert said.startswith(f"Run {run.id}: 7.md\n")
    assert "Runner minutes: 0 m" in said
    assert "Electricity: about 0.300 kWh" in said
    bare = factory(state.folder, "ledger", "cost", run.id).stdout
    assert "Frontier-only: not known" in bare
    assert "Electricity: not known" in bare
    assert "$1.10" in factory(state.folder, "ledger", "cost", run.id, "--price", "1/1").stdout
    assert factory(state.folder, "ledger", "cost", run.id, "--price", "cheap").returncode == 2


def test_merged_changes_are_those_that_the_memory_saw(run: Run, state: State, tmp_path: Path) -> None:
    config = ("--config", tmp_path / "factory.toml")
    assert "No merged change" in factory(state.folder, "ledger", "cost", "--merged", *config).stdout
    store = open_memory(state.folder, MemorySettings(), time.time)
    store.note("here", [signed(Observation(kind="outcome", run=run.id, at=exact(state.clock.now()), about="merged",
                                           word="merged"))])  # fmt: skip
    (found,) = json.loads(factory(state.folder, "ledger", "cost", "--merged", "--json", *config).stdout)
    assert (found["runs"], found["frontier_only"], found["runner_minutes"]) == ([run.id], 4_500_000, 0.0)
    month = state.clock.now()[:7]
    out = tmp_path / "page.html"
    done = factory(state.folder, "ledger", "cost", "--month", month, "--out", out, *config)
    assert done.stdout.strip() == str(out)
    assert "<dt>Merged changes</dt><dd>1</dd>" in out.read_text()
    told = json.loads(factory(state.folder, "ledger", "cost", "--month", month, "--json", *config).stdout)
    assert told["days"][0]["tokens_in"] == 1_000_000
    assert factory(state.folder, "ledger", "cost", "--month", "November").returncode == 2


def row(run: str, kind: str, at: str, **more: object) -> str:
    facts = {"id": f"{run}.0.0{'.close' if kind == 'close' else ''}", "kind": kind, "run": run, "event": "e", "at": at,
             "purpose": "swarm", "issue": 7, "actor": "ann", "github_run": 5, **more}  # fmt: skip
    return Row.model_validate(facts).model_dump_json(exclude_defaults=True) + "\n"


def test_runner_minutes_come_from_the_books_wherever_they_lie(run: Run, state: State, tmp_path: Path) -> None:
    """In a file, in a clone that fetched the branch; what is none of them is said, and unknown is never nothing."""
    signed_for = Ticket(repo="acme/shop", purpose="swarm", event="e", actor="ann", actor_id=1, role="write", issue=7,
                        issued=run.created)  # fmt: skip
    state.journal.save(run.but(ticket=signed_for), "")
    month, at = run.created[:7], run.created
    text = row(run.id, "open", at) + row(run.id, "close", at, minutes=12.5, state="draft")
    books = tmp_path / "books.jsonl"
    books.write_text(text + "not a row\n")
    clone = repository(tmp_path / "clone", {f"{month}.jsonl": text, "README.md": "x"})
    git(clone, "update-ref", "refs/remotes/origin/factory-ledger", "HEAD")

    def month_said(*more: str | Path) -> tuple[float | None, int]:
        done = factory(state.folder, "ledger", "cost", "--month", month, "--json", *more)
        told = json.loads(done.stdout)
        return told["runner_minutes"], told["runner_unknown"]

    assert "Runner minutes: not known" in factory(state.folder, "ledger", "cost", run.id).stdout
    assert month_said() == (None, 1)
    for where in (books, clone):
        done = factory(state.folder, "ledger", "cost", run.id, "--books", where)
        assert "Runner minutes: 12 m" in done.stdout, done.stderr
        assert month_said("--books", where) == (12.5, 0)
    assert "1 lines of the books" in factory(state.folder, "ledger", "cost", run.id, "--books", books).stderr
    assert month_said("--books", books, "--books", clone) == (12.5, 0), "the same lines twice are the same lines"
    books.write_text(text + row("gh-9", "open", at, github_run=6))
    assert month_said("--books", books) == (12.5, 1)


@pytest.mark.parametrize("what", ["missing", "empty", "no-branch"])
def test_what_is_no_books_is_said(run: Run, state: State, tmp_path: Path, what: str) -> None:
    where = tmp_path / what
    if what == "empty":
        where.write_text("")
    if what == "no-branch":
        repository(where, {"a": "b"})
    done = factory(state.folder, "ledger", "cost", run.id, "--books", where)
    assert done.returncode == 2
    wanted = {"missing": "say OWNER/NAME", "empty": "no line of it", "no-branch": "no branch factory-ledger"}[what]
    assert wanted in done.stderr


def test_without_a_driver_no_power_is_noted(run: Run, state: State, tmp_path: Path) -> None:
    with metered(run.id, state, tmp_path / "no-driver"):
        pass
    assert not [event for _, event, _ in state.journal.trail(run.id) if event == "energy"]


class _NvmlError(Exception):
    """As the library raises it."""


def counters(*millijoules: int | None) -> SimpleNamespace:
    """What speaks like NVML with these cards; None: a card that does not count."""

    def counted(handle: int) -> int:
        value = millijoules[handle]
        if value is None:
            raise library.NVMLError_NotSupported
        return value

    class NotSupported(_NvmlError):
        pass

    library = SimpleNamespace(
        nvmlDeviceGetCount=lambda: len(millijoules), nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetTotalEnergyConsumption=counted, NVMLError=_NvmlError, NVMLError_NotSupported=NotSupported,
        NVMLError_FunctionNotFound=NotSupported, NVMLError_NoPermission=NotSupported,
    )  # fmt: skip
    return library


def test_the_cards_counters_are_added_and_one_that_does_not_count_makes_it_unknown() -> None:
    assert joules(counters(1_500_000, 500_000)) == 2000
    assert joules(counters(1_500_000, None)) is None
    assert joules(counters()) is None
