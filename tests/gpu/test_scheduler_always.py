"""What the scheduler holds to whatever comes: memory, turns, requests, pins, drains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from benchmarks.box import Arrival, Box, Times
from factory.gpu.actions import Kill, Load, Sleep, Wake, Work
from factory.gpu.device import GIB
from factory.gpu.placement import Card, Need
from factory.gpu.scheduler import Scheduler
from factory.gpu.swaps import Rules
from factory.gpu.tenants import Model

SIZE = 24 * GIB
LONGEST, LOAD = 40.0, 60.0
FIND = (Phase.explicit, Phase.reuse, Phase.generate)  # a day takes too long to be made smaller


@dataclass(frozen=True)
class Day:
    """One box and what happens on it."""

    models: tuple[Model, ...]
    cards: int
    pinned: bool
    rules: Rules
    arrivals: tuple[Arrival, ...]
    host: int


@st.composite
def days(draw: st.DrawFn) -> Day:
    cards = draw(st.integers(1, 3))
    models = tuple(draw(model(f"m{number}", cards)) for number in range(draw(st.integers(1, 5))))
    rules = Rules(
        min_loaded_s=draw(st.sampled_from((0.0, 20.0, 60.0))), max_wait_s=draw(st.sampled_from((1.0, 30.0, 120.0)))
    )
    arrivals = draw(st.lists(arrival([each.name for each in models]), max_size=40))
    numbered = tuple(replace(each, id=str(number)) for number, each in enumerate(arrivals))
    return Day(models, cards, draw(st.booleans()), rules, numbered, draw(st.sampled_from((0, 30, 256))) * GIB)


@st.composite
def model(draw: st.DrawFn, name: str, cards: int) -> Model:
    gib = draw(st.integers(3, 23))
    many = draw(st.integers(1, cards))
    pin = draw(st.sampled_from([(), tuple(range(many))]))
    levels = draw(st.sampled_from([(), (1,), (2,), (1, 2)]))
    return Model(
        Need(name, gib * GIB, many, pin), levels, left=min(2, gib // 2) * GIB, host=gib * many * GIB, load_s=LOAD
    )


@st.composite
def arrival(draw: st.DrawFn, names: Sequence[str]) -> Arrival:
    patience = draw(st.sampled_from((None, None, None, 5.0, 100.0)))
    at, lasts = draw(st.floats(0, 1500)), draw(st.floats(0, LONGEST))
    return Arrival(round(at, 1), "", draw(st.sampled_from(names)), round(lasts, 1), draw(st.integers(1, 10)), patience)


def box_of(day: Day) -> Box:
    known = tuple(Card(index, "RTX 3090", SIZE, SIZE) for index in range(day.cards))
    scheduler = Scheduler(day.models, known, day.rules)
    found = Box(
        scheduler, {each.name: Times(LOAD, 4) for each in day.models}, dict.fromkeys(range(day.cards), SIZE), day.host
    )
    scheduler.adopt(stay(day), [each.name for each in day.models], day.rules, 0, 0.0)
    return found


def stay(day: Day) -> dict[str, tuple[int, ...]]:
    """The first model stays, on a card or cards that it may have."""
    need = day.models[0].need
    return {need.name: need.pin or tuple(range(need.cards))} if day.pinned else {}


@settings(max_examples=50, deadline=None, phases=FIND)
@given(days())
def test_without_faults(day: Day) -> None:
    """Nobody waits longer than the bound, and what is pinned stays."""
    found = box_of(day)
    found.run(day.arrivals)
    assert not found.over
    settle_accounts(found)
    swap = LOAD + 0.5 + 2 * 2 + 3  # the longest load, a sleep, ends of two sleepers, and looks at the device
    turn = swap + day.rules.min_loaded_s + LONGEST
    for fate in found.fates.values():
        assert fate.waited <= day.rules.max_wait_s + swap + len(day.models) * turn
    for _, _, work in found.works:
        assert not (isinstance(work, Sleep | Kill) and work.model in stay(day))
    drains(found)


@settings(max_examples=50, deadline=None, phases=FIND)
@given(days(), st.integers(0, 10**6))
def test_with_faults(day: Day, seed: int) -> None:
    """Starts, sleeps and wakes fail, memory leaks and is lost, engines die, other programs come and go."""
    found, chance = box_of(day), Random(seed)
    found.fault = lambda work, number: faulty(work, chance)
    for number in range(6):
        found.at(chance.uniform(0, 1500), lambda number=number: others(found, chance, number))  # type: ignore[misc]
        found.at(chance.uniform(0, 1500), lambda: crash(found, chance))
    found.run(day.arrivals, until=6_000)
    assert not found.over
    settle_accounts(found)
    drains(found)


def faulty(work: Work, chance: Random) -> str:
    if chance.random() > 0.3:
        return ""
    wrong = {Load: ("fail",), Wake: ("fail",), Sleep: ("fail", "leak"), Kill: ("lose",)}[type(work)]
    return chance.choice(wrong)


def others(found: Box, chance: Random, number: int) -> None:
    """Another program takes what it can get of a card: more than is free it is refused, as CUDA would."""
    card = chance.choice(sorted(found.used))
    free = found.total[card] - sum(found.used[card].values())
    asked = chance.choice((0, 2, 8, 20)) * GIB
    found.hold(card, f"other{number}", min(asked, free))


def crash(found: Box, chance: Random) -> None:
    name = chance.choice(sorted(found.scheduler.tenants))
    if found.scheduler.tenants[name].state in ("ready", "asleep", "leaving"):
        for card in found.scheduler.tenants[name].cards:
            found.hold(card, name, 0)
        found.scheduler.broken(name, "killed", found.now)


def settle_accounts(found: Box) -> None:
    """Each request was served once, refused once, or went away while it waited."""
    for fate in found.fates.values():
        assert (fate.ended is not None) + (fate.refused is not None) + (fate.left is not None) == 1
        assert (fate.served is not None) == (fate.ended is not None)
    assert not found.scheduler.known


def drains(found: Box) -> None:
    """Told to hold nothing, it ends every engine and says when that is done."""
    found.fault = lambda work, number: ""
    found.scheduler.adopt({}, (), found.scheduler.rules, 0, found.now)
    found.run(())
    assert found.scheduler.settled
    assert not [name for holders in found.used.values() for name in holders if name.startswith("m")]
