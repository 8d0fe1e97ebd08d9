"""What was spent, summed over what it was spent for: a run, a merged change, a month."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING

from factory.contracts.bill import Bill, DayCost, KwhHow, MonthCost, Stay
from factory.contracts.record import Json
from factory.contracts.run import Run
from factory.contracts.story import Cost, Yardstick
from factory.db import Database
from factory.ledger.spend import SUMS, WORK
from factory.ledger.used import REAL

JOULES = 3_600_000  # in one kWh
ENERGY, RUNNER = "energy", "runner"  # notes of a run's trail: {"joules"}, {"github_run", "minutes"}


def frontier_only(costs: Iterable[Cost | DayCost], yardstick: Yardstick | None) -> int | None:
    """Micro-dollars that one frontier model would have asked for the same tokens; None without a known price.

        sum over all calls of  tokens_in * price_in + tokens_out * price_out

    Every token that any model read or wrote, at the yardstick's list price. Caching is ignored: what a local server
    found in its cache says nothing about a vendor's. A stronger model might have needed fewer calls: this is no claim
    that it would have needed as many.
    """
    if yardstick is None:
        return None
    exact = sum(row.tokens_in * yardstick.price_in + row.tokens_out * yardstick.price_out for row in costs)
    return int(exact.to_integral_value(rounding=ROUND_CEILING)) if exact else 0


def by_role(db: Database, runs: Sequence[str], books: str = REAL) -> tuple[Cost, ...]:
    """Of all these runs together, by role, tier and endpoint, dearest first. `books`: see factory.ledger.used."""
    rows = db.connection().execute(
        f"SELECT role, tier, endpoint, {SUMS} FROM spend"  # noqa: S608 (constants)
        f" WHERE run IN (SELECT value FROM json_each(?)) AND {WORK} AND {books}"
        " GROUP BY role, tier, endpoint ORDER BY cost DESC, role, tier, endpoint",
        (json.dumps(list(runs)),),
    )
    return tuple(Cost.model_validate(dict(row)) for row in rows)


def bill(db: Database, runs: Sequence[Run], yardstick: Yardstick | None, watts: int | None, merged: str = "",
         stays: Sequence[Stay] = (), books: str = REAL) -> Bill:  # fmt: skip
    """Of runs of one task, oldest first. `watts`: what a card draws as the settings have it, for an estimate. `stays`:
    what the shared books know, also of the task's runs that never came here."""
    names = [run.id for run in runs]
    costs = by_role(db, names, books)
    last, pulls = runs[-1], [run.delivery.pull for run in runs if run.delivery and run.delivery.pull]
    kwh, how = _kwh(db, names, costs, watts)
    return Bill(
        name=names[0], title=last.task.title if last.task else "", pull=pulls[-1].number if pulls else 0, merged=merged,
        runs=tuple(names), costs=costs, runner_minutes=_minutes(db, runs, stays), kwh=kwh, kwh_how=how,
        frontier_only=frontier_only(costs, yardstick),
    )  # fmt: skip


def merged_bills(db: Database, runs: Iterable[Run], merged: Mapping[str, str], yardstick: Yardstick | None,
                 watts: int | None, stays: Sequence[Stay] = ()) -> tuple[Bill, ...]:  # fmt: skip
    """One bill a merged change, newest first. `merged`: run -> when its pull request was seen to be merged.

    Everything that was spent for the task counts, also its runs that failed or were revised.
    """
    tasks: dict[str, list[Run]] = {}
    for run in runs:
        tasks.setdefault(run.origin, []).append(run)
    found = []
    for group in tasks.values():
        ends = [merged[run.id] for run in group if run.id in merged]
        if ends:
            ordered = sorted(group, key=lambda run: (run.id != run.origin, run.created, run.id))
            found.append(bill(db, ordered, yardstick, watts, min(ends), stays))
    return tuple(sorted(found, key=lambda one: (one.merged, one.name), reverse=True))


def month(db: Database, name: str, merged: Sequence[Bill], yardstick: Yardstick | None,
          hosted: tuple[float | None, int] = (None, 0)) -> MonthCost:  # fmt: skip
    """`name`: 2026-11. Rented machines' hours count on the day they were paid. `hosted`: see hosted_in.

    Recorded answers are left out: no model was asked, nobody was paid."""
    rows = db.connection().execute(
        f"SELECT day, tier, {SUMS} FROM spend WHERE day LIKE ? AND (run <> '' OR kind = 'gpu') AND {WORK} AND {REAL}"  # noqa: S608 (constants)
        " GROUP BY day, tier ORDER BY day, tier",
        (f"{name}-%",),
    )
    days = tuple(DayCost(**{key: row[key] for key in DayCost.model_fields}) for row in rows)
    roles = db.connection().execute(
        f"SELECT role, tier, endpoint, {SUMS} FROM spend WHERE day LIKE ? AND run <> '' AND {WORK} AND {REAL}"  # noqa: S608 (constants)
        " GROUP BY role, tier, endpoint ORDER BY cost DESC, tokens_in DESC",
        (f"{name}-%",),
    )
    return MonthCost(
        month=name, days=days, merged=tuple(one for one in merged if one.merged.startswith(name)),
        roles=tuple(Cost.model_validate(dict(row)) for row in roles), yardstick=yardstick,
        runner_minutes=hosted[0], runner_unknown=hosted[1],
    )  # fmt: skip


def _kwh(db: Database, runs: Sequence[str], costs: Sequence[Cost], watts: int | None) -> tuple[float | None, KwhHow]:
    """What the cards' own counters said while all of these runs worked, else an estimate, else not known."""
    local = sum(row.seconds for row in costs if row.tier == "local")
    if not local:
        return 0.0, "measured"
    notes = _notes(db, runs, ENERGY)
    if notes and {run for run, _ in notes} == set(runs):
        return sum(float(facts.get("joules", 0)) for _, facts in notes) / JOULES, "measured"
    return (local * watts / JOULES, "estimate") if watts else (None, "")


def hosted_in(name: str, runs: Iterable[Run], stays: Sequence[Stay] | None) -> tuple[float | None, int]:
    """(minutes of hosted runners in that month as far as they are known, workflow runs of which they are not).

    `stays` None: nobody said where the books are. Then nothing is known of runs that GitHub asked for.
    """
    if stays is None:
        asked = sum(1 for run in runs if run.ticket and run.created.startswith(name))
        return (None, asked) if asked else (0.0, 0)
    last = [minutes for stay, minutes in _last(stays).items() if stay[2].startswith(name)]
    known = [minutes for minutes in last if minutes is not None]
    return (sum(known) if known or not last else None, len(last) - len(known))


def _last(stays: Iterable[Stay]) -> dict[tuple[str, int, str], float | None]:
    """The last word on each workflow run, by run, its number and when: one that was run again tells of all attempts."""
    latest = {(stay.run, stay.github_run): stay for stay in stays}
    return {(stay.run, stay.github_run, stay.at): stay.minutes for stay in latest.values()}


def _minutes(db: Database, runs: Sequence[Run], stays: Sequence[Stay]) -> float | None:
    """Of hosted runners: nothing for runs that were started here; for others what the books say, else what was noted
    here. One run of which nobody knows makes the sum unknown."""
    asked = {run.id for run in runs if run.ticket} | {stay.run for stay in stays if stay.origin == runs[0].origin}
    noted: dict[tuple[str, int], float] = {}
    for run, facts in _notes(db, sorted(asked), RUNNER):
        noted[run, int(facts.get("github_run", 0))] = float(facts.get("minutes", 0))
    told: dict[tuple[str, int], float | None] = {**noted}
    for (run, number, _), minutes in _last(stays).items():
        if run in asked:
            told[run, number] = noted.get((run, number)) if minutes is None else minutes
    known = [minutes for minutes in told.values() if minutes is not None]
    return sum(known) if len(known) == len(told) and {run for run, _ in told} == asked else None


def _notes(db: Database, runs: Sequence[str], event: str) -> list[tuple[str, Json]]:
    rows = db.connection().execute(
        "SELECT run, facts FROM trail WHERE event = ? AND run IN (SELECT value FROM json_each(?)) ORDER BY id",
        (event, json.dumps(list(runs))),
    )
    return [(row["run"], json.loads(row["facts"])) for row in rows]
