"""generate: Plan -> Changes. The units of one wave side by side, each with its own desk and journal scope."""

from collections.abc import Callable
from functools import partial

from factory.contracts.change import Change
from factory.contracts.errors import Abandoned, FactoryError, Stopped, UsageProblem
from factory.contracts.model import TIERS, Tier, within
from factory.contracts.plan import Unit
from factory.contracts.roster import Coder, Roster, UnitFacts
from factory.contracts.run import Run
from factory.edits.leases import waves
from factory.fanout import side_by_side
from factory.stages.gather import pack_of
from factory.stages.mend import mechanical_change
from factory.stages.shop import Shop

ENDS_THE_RUN = (
    "budget",
    "disk_full",
    "interrupted",
    "no_model",
    "rate_limited",
    "sandbox_unavailable",
    "state_unusable",
    "wrong_key",
)  # fmt: skip  the next unit would meet the same


def wave_written(run: Run) -> bool:
    return run.plan is not None and (all_waves_done(run) or not missing(run))


def missing(run: Run) -> tuple[Unit, ...]:
    """Units of the next wave that have no change waiting to be merged. A steered run may begin with some of them."""
    if run.plan is None or run.remarks:
        return ()
    ahead = waves(run.plan)[len(run.waves) :]
    there = {change.unit for change in run.pending}
    return tuple(unit for unit in ahead[0] if unit.id not in there) if ahead else ()


def all_waves_done(run: Run) -> bool:
    """A revision writes no units: its remarks go to the fixer one by one."""
    return run.plan is not None and (bool(run.remarks) or len(run.waves) == len(waves(run.plan)))


def generate(run: Run, shop: Shop) -> Run:
    """The next wave. A unit that fails is tried once more with its error, then reported; the others go on."""
    jobs = [partial(one_unit, run, shop, unit) for unit in missing(run)]
    changes = side_by_side(jobs, shop.settings.line.threads)
    return run.but(pending=in_order(run, (*run.pending, *changes)))


def in_order(run: Run, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """As the plan has its units: the merge is the same whoever was first."""
    assert run.plan
    place = {unit.id: n for n, unit in enumerate(run.plan.units)}
    return tuple(sorted(changes, key=lambda change: place.get(change.unit, len(place))))


def unit_named(run: Run, name: str) -> Unit:
    """A unit of the plan. Raises UsageProblem naming the ones there are."""
    assert run.plan
    for unit in run.plan.units:
        if unit.id == name:
            return unit
    raise UsageProblem(f"The plan has no unit {name!r}: choose one of {', '.join(unit.id for unit in run.plan.units)}.")


def one_unit(run: Run, shop: Shop, unit: Unit) -> Change:
    """One unit's change; never raises for what only concerns this unit."""
    shop.watcher.tell("unit", unit=unit.id, role=unit.role, title=unit.title, state="start")
    change = _attempt(run, shop, unit, "")
    if change.error:
        shop.watcher.tell("unit", unit=unit.id, role=unit.role, title=unit.title, state="retry")
        change = _attempt(run, shop, unit, change.error)
    state = "failed" if change.error else "done"
    shop.watcher.tell("unit", unit=unit.id, role=unit.role, title=unit.title, state=state)
    return change


def _attempt(run: Run, shop: Shop, unit: Unit, error: str) -> Change:
    name = f"{unit.id}.retry" if error else unit.id
    tree = run.tree or run.repo.tree
    try:
        if run.task and run.task.mechanical:
            return mechanical_change(run, shop, unit, tree, name)
        if _asked_for_frontier(run, unit):
            return _with_frontier(run, shop, unit, tree, name, error)
        if unit.hard and shop.settings.line.candidates > 1 and _local(run, shop, unit):
            return _best_of(run, shop, unit, tree, name, error)
        return _write(run, shop, unit, tree, name, error, 0, None)
    except Stopped as stop:
        if stop.reason in ENDS_THE_RUN:
            raise
        return failed(unit, tree, str(stop))
    except Abandoned:
        raise
    except FactoryError as problem:
        return failed(unit, tree, str(problem))


def failed(unit: Unit, tree: str, why: str) -> Change:
    return Change(unit=unit.id, role=unit.role, title=unit.title, base=tree, error=why)


def _write(
    run: Run, shop: Shop, unit: Unit, tree: str, name: str, error: str, sample: int, ceiling: Tier | None,
    avoid: tuple[str, ...] = (),
) -> Change:  # fmt: skip
    assert run.task
    assert run.plan
    scope = shop.journal.scope(run.id, "generate", name)
    desk = shop.desk(unit.role, scope, run, ceiling=ceiling, avoid=avoid, sample=sample)
    facts = UnitFacts(task=run.task, pack=pack_of(run, shop), plan=run.plan, unit=unit, tree=tree, error=error,
                      loop=shop.settings.line.coding == "work", sample=sample)  # fmt: skip
    change = coder_of(shop.roster, unit)(desk, facts)
    if not change.error and not change.files:
        return change.but(error="the unit changed nothing")
    return change


def _best_of(run: Run, shop: Shop, unit: Unit, tree: str, name: str, error: str) -> Change:
    """k candidates one after the other; the tests choose, the smaller diff breaks a tie."""
    ranked = []
    for k in range(shop.settings.line.candidates):
        change = _write(run, shop, unit, tree, f"{name}.k{k}", error, k, "local")
        if change.error:
            ranked.append((2, 0, k, change))
            continue
        candidate = shop.trees.overlay(tree, change.files)
        outcome = shop.tests(shop.journal.scope(run.id, "generate", f"{name}.k{k}.tests"), candidate).outcome
        red = outcome.counts.failed + outcome.counts.errors
        ranked.append(
            (0 if outcome.status == "passed" else 1, red * 10**9 + sum(f.size for f in change.files), k, change)
        )
    rank, _, k, best = min(ranked, key=lambda row: row[:3])
    word = ("its tests pass", "no candidate passed all tests", "no candidate was usable")[rank]
    return best.but(notes=(*best.notes, f"candidate {k + 1} of {shop.settings.line.candidates} chosen: {word}"))


def _asked_for_frontier(run: Run, unit: Unit) -> bool:
    """`/factory redo UNIT with frontier`: a person wants a better model for this one unit."""
    command = run.ticket.command if run.ticket else None
    return command is not None and command.frontier and command.unit == unit.id


def _with_frontier(run: Run, shop: Shop, unit: Unit, tree: str, name: str, error: str) -> Change:
    """By the highest tier of the role's chain that line.escalate_to allows; with a note when that is the local one."""
    assert run.plan
    chain = shop.settings.endpoints_for(unit.role, run.plan.effort)
    tiers = [each.tier for each in chain if within(each.tier, shop.highest)]
    best: Tier = max(tiers, key=TIERS.index, default="local")
    lower = tuple(each.name for each in chain if within(each.tier, best) and each.tier != best)
    change = _write(run, shop, unit, tree, name, error, 0, best, lower)
    if best == "frontier":
        return change
    why = f"a frontier model was asked for; {best} is the highest tier that the chain and line.escalate_to allow"
    return change.but(notes=(*change.notes, why))


def _local(run: Run, shop: Shop, unit: Unit) -> bool:
    """Many candidates only where tokens are cheap: is there a local endpoint for this role?"""
    assert run.plan
    return any(each.tier == "local" for each in shop.settings.endpoints_for(unit.role, run.plan.effort))


def coder_of(roster: Roster, unit: Unit) -> Coder:
    coders: dict[str, Callable[..., Change]] = {
        "frontend": roster.frontend, "backend": roster.backend, "integration": roster.integration,
        "unit": roster.unit, "qa": roster.qa, "visual": roster.visual, "scribe": roster.scribe,
    }  # fmt: skip
    return coders[unit.role]
