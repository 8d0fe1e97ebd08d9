"""What a change cost: every run of its task, its minutes and its power where they are known, and frontier-only."""

from decimal import Decimal
from pathlib import Path

import pytest

from factory.app import State, new_run, open_state
from factory.contracts.bill import Stay
from factory.contracts.model import Tier, Usage
from factory.contracts.run import Run
from factory.contracts.story import Yardstick
from factory.contracts.tables import BudgetSettings
from factory.contracts.task import Event
from factory.contracts.ticket import Ticket
from factory.ledger.cost import bill, by_role, frontier_only, hosted_in, merged_bills, month
from factory.ledger.spend import Spend, Use
from factory.settings import Settings
from tests.line.targets import repository

PRICE = Yardstick(endpoint="m", price_in=Decimal(3), price_out=Decimal(15))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("r") / "repo", {"a.py": "x = 1\n"})


@pytest.fixture
def state(tmp_path: Path) -> State:
    return open_state(tmp_path / "state")


def begun(state: State, repo: Path, origin: str = "") -> Run:
    run = new_run(state, repo, "", Event(kind="issue", source="7.md", text="Two\n\nAdd two."), Settings())
    if origin:
        run = run.but(ticket=ticket(origin))
    return run


def ticket(origin: str) -> Ticket:
    return Ticket(repo="acme/shop", purpose="local", event="e", actor="ann", actor_id=1, role="write", issue=7,
                  issued="2026-11-01T00:00:00Z", origin=origin)  # fmt: skip


def spent(
    state: State, run: Run, role: str, tier: Tier, cost: int, read: int, written: int, seconds: float = 10
) -> None:
    use = Use(run=run.id, issue="", role=role, endpoint=tier, tier=tier)
    Spend(state.db, BudgetSettings(), state.clock).record(use, cost, Usage(input=read, output=written), seconds)


def test_frontier_only_is_every_token_at_the_list_price(state: State, repo: Path) -> None:
    run = begun(state, repo)
    spent(state, run, "backend", "local", 0, 1_000_000, 100_000)
    spent(state, run, "genesis", "frontier", 450, 100, 10)
    costs = by_role(state.db, [run.id])
    assert frontier_only(costs, PRICE) == 1_000_100 * 3 + 100_010 * 15
    assert frontier_only(costs, None) is None
    assert frontier_only((), PRICE) == 0
    assert frontier_only(costs, PRICE.but(price_in=Decimal("0.0000001"), price_out=Decimal(0))) == 1  # rounded up


def test_a_merged_change_counts_all_runs_of_its_task(state: State, repo: Path) -> None:
    first = begun(state, repo)
    again, other = begun(state, repo, first.id), begun(state, repo)
    for run, cost in ((first, 10), (again, 20), (other, 99)):
        spent(state, run, "backend", "frontier", cost, 5, 5)
    found = merged_bills(state.db, (again, first, other), {again.id: "2026-11-03T00:00:00.000Z"}, PRICE, None)
    assert [(one.name, one.cost, set(one.runs)) for one in found] == [(first.id, 30, {first.id, again.id})]
    assert found[0].merged.startswith("2026-11-03")
    assert found[0].tokens("frontier") == 20
    assert merged_bills(state.db, (other,), {}, PRICE, None) == ()


def test_what_is_not_known_is_none_and_never_nothing(state: State, repo: Path) -> None:
    run = begun(state, repo)
    spent(state, run, "backend", "local", 0, 5, 5, seconds=3600)
    made = bill(state.db, (run,), None, None)
    assert (made.kwh, made.kwh_how, made.frontier_only) == (None, "", None)
    assert made.runner_minutes == 0  # it was started here
    assert made.gpu_hours == 1
    asked = run.but(ticket=ticket(""))
    assert bill(state.db, (asked,), None, None).runner_minutes is None


def test_power_is_measured_else_estimated_from_the_settings(state: State, repo: Path) -> None:
    run, more = begun(state, repo), begun(state, repo)
    for each in (run, more):
        spent(state, each, "backend", "local", 0, 5, 5, seconds=1800)
    assert (bill(state.db, (run, more), None, 300).kwh, bill(state.db, (run, more), None, 300).kwh_how) == (
        0.3,
        "estimate",
    )
    state.journal.note(run.id, "energy", joules=1_800_000)
    assert bill(state.db, (run, more), None, 300).kwh_how == "estimate"  # of one run nothing was measured
    state.journal.note(more.id, "energy", joules=900_000)
    state.journal.note(more.id, "energy", joules=900_000)  # resumed
    made = bill(state.db, (run, more), None, 300)
    assert (made.kwh, made.kwh_how) == (1.0, "measured")


def test_the_last_word_on_each_workflow_run_counts(state: State, repo: Path) -> None:
    run = begun(state, repo).but(ticket=ticket(""))
    for number, minutes in ((1, 2.0), (1, 5.0), (2, 4.0)):
        state.journal.note(run.id, "runner", github_run=number, minutes=minutes)
    assert bill(state.db, (run,), None, None).runner_minutes == 9


def stay(run: str, number: int, minutes: float | None, origin: str = "", at: str = "2026-11-03T00:00:00Z") -> Stay:
    return Stay(run=run, origin=origin or run, github_run=number, at=at, minutes=minutes)


def test_the_books_know_the_minutes_of_every_run_of_a_task(state: State, repo: Path) -> None:
    """Also of one that never came here, and each workflow run once however often it was run again."""
    first, other = begun(state, repo), begun(state, repo)
    first, other = first.but(ticket=ticket("")), other.but(ticket=ticket(""))
    again = begun(state, repo, first.id)
    stays = [stay(first.id, 1, 3.0), stay(first.id, 1, 5.0), stay(first.id, 2, 4.0), stay(again.id, 3, 1.5, first.id),
             stay("elsewhere", 4, 2.0, first.id), stay(other.id, 5, 99.0)]  # fmt: skip
    (found,) = merged_bills(state.db, (again, first, other), {again.id: "2026-11-03"}, PRICE, None, stays)
    assert (found.name, found.runner_minutes) == (first.id, 12.5)
    assert bill(state.db, (other,), PRICE, None, stays=stays).runner_minutes == 99


@pytest.mark.parametrize("missing", ["not in the books", "no end yet", "elsewhere"])
def test_one_run_that_nobody_knows_makes_the_sum_unknown(state: State, repo: Path, missing: str) -> None:
    first = begun(state, repo).but(ticket=ticket(""))
    again = begun(state, repo, first.id)
    stays = [stay(first.id, 1, 3.0)]
    stays += {"not in the books": [], "no end yet": [stay(again.id, 2, None, first.id)],
              "elsewhere": [stay(again.id, 2, 1.0, first.id), stay("x", 3, None, first.id)]}[missing]  # fmt: skip
    assert bill(state.db, (first, again), None, None, stays=stays).runner_minutes is None
    if missing != "elsewhere":
        state.journal.note(again.id, "runner", github_run=2, minutes=2.0)  # a ship job's own ledger
        assert bill(state.db, (first, again), None, None, stays=stays).runner_minutes == 5


def test_a_month_sums_what_is_known_and_counts_what_is_not(state: State, repo: Path) -> None:
    here, asked = begun(state, repo), begun(state, repo).but(ticket=ticket(""))
    name = here.created[:7]
    assert hosted_in(name, [here], None) == (0.0, 0), "nothing ran on GitHub"
    assert hosted_in(name, [here, asked], None) == (None, 1), "nobody said where the books are"
    late = "2026-12-01T00:00:00Z"
    stays = [stay("a", 1, 3.0), stay("a", 1, 4.0), stay("b", 2, None), stay("c", 3, 2.5), stay("d", 4, 9.0, at=late)]
    assert hosted_in("2026-11", [asked], stays) == (6.5, 1)
    assert hosted_in("2026-12", [asked], stays) == (9.0, 0)
    assert hosted_in("2027-01", [asked], stays) == (0.0, 0)
    assert hosted_in("2026-11", [], [stay("b", 2, None)]) == (None, 1)
    found = month(state.db, "2026-11", (), PRICE, (6.5, 1))
    assert (found.runner_minutes, found.runner_unknown) == (6.5, 1)


def test_a_month_has_its_days_its_roles_and_its_merged_changes(state: State, repo: Path) -> None:
    run = begun(state, repo)
    spent(state, run, "backend", "local", 0, 70, 7)
    spent(state, run, "genesis", "frontier", 12, 30, 3)
    spent(state, run.but(id="x"), "genesis", "frontier", 5, 1, 1)
    name = state.clock.now()[:7]
    merged = merged_bills(state.db, (run,), {run.id: f"{name}-02T00:00:00.000Z"}, PRICE, None)
    found = month(state.db, name, (*merged, merged[0].but(merged="1999-01-01")), PRICE)
    assert [(day.tier, day.cost, day.tokens_in) for day in found.days] == [("frontier", 17, 31), ("local", 0, 70)]
    assert [one.name for one in found.merged] == [run.id]
    assert sum(row.cost for row in found.roles) == 17
    assert month(state.db, "1999-01", merged, PRICE).days == ()
