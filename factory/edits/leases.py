"""Leases: which unit may touch which path, and what is wrong with a plan before anyone works on it."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from factory.contracts.errors import EditProblem
from factory.contracts.plan import MAX_UNITS, MAX_UNITS_A_WAVE, MAX_WAVES, SMALL, Plan, Unit
from factory.edits.globs import matches, overlap
from factory.edits.paths import PathPolicy, escape

MAX_LEASE_CHARS = 300
MAX_LEASES = 400  # over all units: the overlap check is quadratic
MAX_REMOVES = 50  # over all units: nobody reads a longer list of what may break
MAX_PROBLEMS = 20


def covers(owns: Sequence[str], path: str) -> bool:
    """Is `path` inside a lease made of these paths and globs? (semantics: factory/edits/globs.py)"""
    return any(matches(glob, path) for glob in owns)


def waves(plan: Plan) -> tuple[tuple[Unit, ...], ...]:
    """Units by depth of their `after` chain, in the plan's order. Raises EditProblem on a cycle or an unknown id."""
    left = list(plan.units)
    done: set[str] = set()
    found: list[tuple[Unit, ...]] = []
    while left:
        ready = tuple(unit for unit in left if done.issuperset(unit.after))
        if not ready:
            names = ", ".join(unit.id for unit in left)
            raise EditProblem(f"The units {names} wait for each other or for a unit that does not exist.", rule="cycle")
        found.append(ready)
        done.update(unit.id for unit in ready)
        left = [unit for unit in left if unit.id not in done]
    return tuple(found)


def plan_problems(
    plan: Plan, paths: Collection[str], policy: PathPolicy, small_effort: int = SMALL, most_units: int = MAX_UNITS
) -> tuple[str, ...]:  # fmt: skip
    """Why this plan cannot be worked on, one sentence each, for the model that made it; () when it can.

    `paths` are the files of the tree it was made for; `most_units` is what the asker allows. At most MAX_PROBLEMS
    sentences.
    """
    found = [
        *_naming(plan),
        *_order(plan),
        *_size(plan, small_effort, most_units),
        *_places(plan, policy),
        *_removes(plan),
    ]
    if not any(len(glob) > MAX_LEASE_CHARS for unit in plan.units for glob in unit.owns):
        found.extend(_overlaps(plan, paths))
    return tuple(dict.fromkeys(found))[:MAX_PROBLEMS]


def _naming(plan: Plan) -> Iterator[str]:
    units = Counter(unit.id for unit in plan.units)
    criteria = Counter(criterion.id for criterion in plan.acceptance)
    for kind, names in (("unit", units), ("acceptance criterion", criteria)):
        for name, count in names.items():
            if count > 1:
                yield f"The {kind} id {name!r} is used {count} times: give each its own."
    for unit in plan.units:
        for name in unit.after:
            if name not in units:
                yield f"Unit {unit.id!r} comes after {name!r}, which is no unit: known are {', '.join(units)}."
        for name in unit.acceptance:
            if name not in criteria:
                yield f"Unit {unit.id!r} names the acceptance criterion {name!r}: known are {', '.join(criteria)}."


def _order(plan: Plan) -> Iterator[str]:
    known = {unit.id for unit in plan.units}
    units = tuple(unit.but(after=tuple(name for name in unit.after if name in known)) for unit in plan.units)
    try:
        order = waves(plan.but(units=units))
    except EditProblem:
        stuck = ", ".join(_in_cycle(units))
        yield f"The units {stuck} wait for each other in a circle: remove one `after`."
        return
    if len(order) > MAX_WAVES:
        yield f"The units form {len(order)} waves, at most {MAX_WAVES} are allowed: shorten the `after` chains."
    for n, wave in enumerate(order, 1):
        if len(wave) > MAX_UNITS_A_WAVE:
            yield f"Wave {n} has {len(wave)} units, at most {MAX_UNITS_A_WAVE} are allowed: join some."


def _in_cycle(units: Sequence[Unit]) -> list[str]:
    """The units that are left when those without an open predecessor or successor are taken away."""
    left = {unit.id: set(unit.after) for unit in units}
    while True:
        needed = {name for after in left.values() for name in after}
        gone = {name for name, after in left.items() if not after & left.keys() or name not in needed}
        if not gone:
            return list(left)
        left = {name: after - gone for name, after in left.items() if name not in gone}


def _size(plan: Plan, small_effort: int, most_units: int) -> Iterator[str]:
    if len(plan.units) > most_units:
        yield f"The plan has {len(plan.units)} units, at most {most_units} are allowed here: join some."
    if plan.effort <= small_effort and len(plan.units) > 1:
        yield (
            f"A task of effort {plan.effort} gets one unit, the plan has {len(plan.units)}: "
            f"join them, or judge the effort higher than {small_effort} if it is."
        )
    count = sum(len(unit.owns) for unit in plan.units)
    if count > MAX_LEASES:
        yield f"The units own {count} paths and globs, at most {MAX_LEASES} are allowed: name folders instead of files."


def _places(plan: Plan, policy: PathPolicy) -> Iterator[str]:
    for unit in plan.units:
        for glob in unit.owns:
            if len(glob) > MAX_LEASE_CHARS:
                yield f"Unit {unit.id!r} owns a path of {len(glob)} characters: at most {MAX_LEASE_CHARS}."
                continue
            reason = policy.refuse_lease(glob)
            if reason:
                yield f"Unit {unit.id!r} owns {glob!r}, which {reason}."
        for path in unit.reads:
            reason = escape(path.removesuffix("/"))
            if reason:
                yield f"Unit {unit.id!r} reads {path!r}, which {reason}."
    for stub in plan.stubs:
        reason = escape(stub.path)
        if reason:
            yield f"The stub {stub.path!r} {reason}."


def _removes(plan: Plan) -> Iterator[str]:
    """What may go or break is named one by one, in files that somebody may change: the checks believe this list."""
    owned = tuple(glob for unit in plan.units for glob in unit.owns)
    if sum(len(unit.removes) for unit in plan.units) > MAX_REMOVES:
        yield f"The units remove more than {MAX_REMOVES} symbols and tests, at most {MAX_REMOVES} are allowed."
    for unit in plan.units:
        for item in unit.removes:
            path, _, name = item.partition(":")
            start = f"Unit {unit.id!r} removes {item[:MAX_LEASE_CHARS]!r}"
            if "*" in item or "?" in path:
                yield f"{start}: no globs there, name each symbol and each test as path:name."
            elif not path or not name.strip(" :"):
                yield f"{start}: name one symbol or one test of one file as path:name."
            elif reason := escape(path):
                yield f"{start}, which {reason}."
            elif not covers(owned, path):
                yield f"{start}, but no unit owns {path!r}: give it to the unit that changes it, or leave it out."


def _overlaps(plan: Plan, paths: Collection[str]) -> Iterator[str]:
    """Two units may never own the same path, in whatever wave they are."""
    found = 0
    for one, other in combinations(plan.units, 2):
        pairs = [(a, b) for a in one.owns for b in other.owns if overlap(a, b)]
        if not pairs or one.id == other.id:
            continue
        a, b = pairs[0]
        both = sorted(path for path in paths if matches(a, path) and matches(b, path))
        example = f" (both cover {both[0]!r})" if both else ""
        yield (
            f"Units {one.id!r} and {other.id!r} both own {a if a == b else f'{a} / {b}'}{example}: "
            "a path belongs to one unit only; give it to one of them, or join the two units."
        )
        found += 1
        if found >= MAX_PROBLEMS:
            return
