"""`factory ledger cost`: one run, merged changes as the memory has them, a month's page; and the cards' counters."""

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from factory.app import State, new_run, open_state
from factory.cli.metering import metered
from factory.contracts.memory import Observation
from factory.contracts.memory_settings import MemorySettings
from factory.contracts.model import Usage
from factory.contracts.run import Run
from factory.contracts.tables import BudgetSettings
from factory.contracts.task import Event
from factory.gpu.nvml import joules
from factory.ledger.spend import Spend, Use
from factory.memory.lines import exact, signed
from factory.memory.store import open_memory
from factory.settings import Settings
from tests.line.targets import factory, repository

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
