"""What `factory ledger cost` shows: one run, each merged change, or a month with its page."""

import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Record

if TYPE_CHECKING:
    from factory.contracts.bill import Bill, MonthCost, Stay
    from factory.contracts.run import Run
    from factory.contracts.story import Yardstick
    from factory.ledger.state import State
    from factory.settings import Settings

MOST_RUNS = 20_000


@dataclass(frozen=True)
class Asked:
    """What all three are told."""

    config: Path | None
    price: str  # IN/OUT, or ""
    as_json: bool
    books: tuple[str, ...] = ()


def of_run(run: str, asked: Asked) -> int:
    """By role and tier; below it what is known besides. `--json` prints the rows."""
    from factory.app import open_state, settings_of
    from factory.cli.ledger_books import stays_of
    from factory.ledger.cost import bill
    from factory.ledger.used import BOTH
    from factory.places import state_folder
    from factory.render.bills import sentences
    from factory.render.terminal import table
    from factory.render.text import line

    state = open_state(state_folder())
    found = state.journal.load(run)
    settings = _settings(asked.config) if asked.config else settings_of(found, state)
    yardstick = _yardstick(settings, asked.price)
    stays = tuple(stay for stay in stays_of(asked.books, state.folder) or () if stay.run == found.id)
    made = bill(state.db, (found,), yardstick, _watts(settings), stays=stays, books=BOTH)
    if asked.as_json:
        print(_json(made.costs))
        return 0
    rows = [
        (row.role, row.tier, row.endpoint, str(row.calls), f"{row.tokens_in:,}", f"{row.tokens_out:,}",
         f"{row.seconds:.1f} s", f"${row.cost / 1e6:.4f}")
        for row in made.costs
    ]  # fmt: skip
    print(f"Run {found.id}: {line(found.task.title if found.task else found.event.source, 90)}")
    table(rows, ("role", "tier", "endpoint", "calls", "tokens in", "out", "model time", "cost"), sys.stdout)
    recorded = any(row.recorded for row in made.costs)
    print(
        f"Total ${made.cost / 1e6:.4f}{' of recorded answers: no model was asked, nobody was paid' if recorded else ''}"
    )
    for sentence in sentences(made, yardstick):
        print(sentence)
    return 0


def of_merged(asked: Asked) -> int:
    """A row for each change that was merged, as far as the memory knows."""
    from factory.app import open_state
    from factory.cli.ledger_books import stays_of
    from factory.places import state_folder
    from factory.render.bills import ROW_HEADS, row
    from factory.render.terminal import table

    settings, state = _settings(asked.config), open_state(state_folder())
    yardstick = _yardstick(settings, asked.price)
    bills = _merged(state, settings, yardstick, stays_of(asked.books, state.folder))
    if asked.as_json:
        print(_json(bills))
        return 0
    if not bills:
        print("No merged change is known: `factory memory outcomes` looks for what became of pull requests.")
        return 0
    table([row(each) for each in bills], ROW_HEADS, sys.stdout)
    print(f"Frontier-only at {yardstick.words}." if yardstick else _NO_PRICE)
    return 0


def of_month(month: str, out: Path | None, asked: Asked) -> int:
    """Writes the month's page and says where; `--json` prints what is in it instead."""
    from factory.app import open_state
    from factory.cli.ledger_books import stays_of
    from factory.cli.options import write_out
    from factory.ledger.cost import hosted_in
    from factory.ledger.cost import month as month_of
    from factory.places import state_folder
    from factory.render.costpage import page

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise UsageProblem(f"--month {month}: write it as YYYY-MM.")
    settings, state = _settings(asked.config), open_state(state_folder())
    yardstick, stays = _yardstick(settings, asked.price), stays_of(asked.books, state.folder)
    merged = _merged(state, settings, yardstick, stays)
    hosted = hosted_in(month, state.journal.recent(MOST_RUNS), stays)
    found: MonthCost = month_of(state.db, month, merged, yardstick, hosted)
    if asked.as_json:
        print(found.to_json(indent=2))
        return 0
    file = (out or state.folder / f"cost-{month}.html").absolute()
    write_out(file, page(found))
    print(file)
    return 0


_NO_PRICE = "Frontier-only is not known: no frontier endpoint with a price is configured (or say --price IN/OUT)."


def _merged(state: "State", settings: "Settings", yardstick: "Yardstick | None",
            stays: "tuple[Stay, ...] | None") -> "tuple[Bill, ...]":  # fmt: skip
    from factory.ledger.cost import merged_bills

    runs: tuple[Run, ...] = state.journal.recent(MOST_RUNS)
    return merged_bills(state.db, runs, _merges(state.folder, settings), yardstick, _watts(settings), stays or ())


def _merges(folder: Path, settings: "Settings") -> dict[str, str]:
    """Run -> when its pull request was first seen to be merged, by the memory of every repository."""
    from factory.contracts.memory import Observation
    from factory.memory.store import open_memory

    store = open_memory(folder, settings.memory, time.time)
    lines = [line for repo in store.repositories() for line in store.lines(repo)]
    seen = [
        line for line in lines if isinstance(line, Observation) and line.kind == "outcome" and line.word == "merged"
    ]
    found: dict[str, str] = {}
    for line in sorted(seen, key=lambda line: line.at):
        found.setdefault(line.run, line.at)
    return found


def _settings(config: Path | None) -> "Settings":
    from factory.cli.options import settings_for

    return settings_for(config, None)


def _yardstick(settings: "Settings", price: str) -> "Yardstick | None":
    """What `--price IN/OUT` says, else the dearest frontier endpoint of the settings."""
    from factory.contracts.story import Yardstick
    from factory.llm.prices import yardstick

    if not price:
        return yardstick(settings.endpoints.values())
    try:
        first, second = (Decimal(part) for part in price.split("/"))
    except (ValueError, InvalidOperation):
        raise UsageProblem(f"--price {price}: write dollars per million tokens in and out, as 3/15.") from None
    if not (first.is_finite() and second.is_finite()) or min(first, second) < 0:
        raise UsageProblem(f"--price {price}: prices are not negative.")
    return Yardstick(endpoint="your price", price_in=first, price_out=second)


def _watts(settings: "Settings") -> int | None:
    """What the most powerful card draws, as [cards] has it: each answer is counted as if it had one to itself."""
    return max((card.watts for card in settings.cards.values() if card.watts), default=None)


def _json(records: Sequence[Record]) -> str:
    return json.dumps([each.model_dump(mode="json") for each in records], indent=2)
