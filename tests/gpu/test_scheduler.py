"""The scheduler on a simulated box, case by case: what comes in, what goes, in which order, and what is told."""

from benchmarks.box import Arrival, Box, Times
from factory.gpu.actions import Kill, Load, Sleep, Wake, Work
from factory.gpu.device import GIB
from factory.gpu.placement import Card, Need
from factory.gpu.scheduler import Scheduler
from factory.gpu.swaps import Rules
from factory.gpu.tenants import Model

RULES = Rules(min_loaded_s=30, max_wait_s=120)
TIMES = Times(load=60, wake=4)


def model(
    name: str, gib: float = 20, levels: tuple[int, ...] = (1, 2), cards: int = 1, pin: tuple[int, ...] = ()
) -> Model:
    return Model(Need(name, int(gib * GIB), cards, pin), levels, left=2 * GIB, host=int(gib * GIB) * cards, load_s=60)


def box(*models: Model, cards: int = 1, rules: Rules = RULES, pinned: tuple[str, ...] = ()) -> Box:
    size = 24 * GIB
    known = tuple(Card(index, "RTX 3090", size, size) for index in range(cards))
    scheduler = Scheduler(models, known, rules)
    made = Box(scheduler, {each.name: TIMES for each in models}, dict.fromkeys(range(cards), size))
    places = {name: (index,) for index, name in enumerate(pinned)}
    scheduler.adopt(places, [each.name for each in models], rules, 0, 0.0)
    return made


def works(found: Box) -> list[Work]:
    return [work for _, _, work in found.works]


def kinds(found: Box) -> list[str]:
    return [f"{type(work).__name__} {work.model}" for work in works(found)]


def events(found: Box) -> list[str]:
    return [tell.event for _, tell in found.told]


def test_a_b_a_a_c_does_not_thrash() -> None:
    """Each model comes in once: A's requests go first while it is there, then the others' turn."""
    found = box(model("a"), model("b"), model("c"))
    line = [(0, "a"), (65, "b"), (66, "a"), (70, "a"), (71, "c"), (75, "a")]
    found.run([Arrival(at, str(number), name, lasts=5) for number, (at, name) in enumerate(line)])
    assert [str(kind) for kind in kinds(found) if kind.startswith("Load")] == ["Load a", "Load b", "Load c"]
    assert all(fate.ended for fate in found.fates.values())
    assert found.fates["5"].waited == 0
    assert not found.over


def test_a_model_in_use_gives_way_when_another_has_waited_long_enough() -> None:
    """A is asked every two seconds for ten minutes; B still gets its turn, and so does A again."""
    found = box(model("a"), model("b"))
    steady = [Arrival(at, f"a{at}", "a", lasts=3) for at in range(0, 600, 2)]
    found.run([*steady, Arrival(100, "b", "b", lasts=5)])
    assert 120 <= found.fates["b"].waited <= 120 + 3 + 60 + 5
    assert all(fate.ended for fate in found.fates.values())


def test_the_second_time_it_wakes() -> None:
    found = box(model("a"), model("b"))
    found.run([Arrival(0, "1", "a", 5), Arrival(70, "2", "b", 5), Arrival(200, "3", "a", 5), Arrival(300, "4", "b", 5)])
    assert kinds(found) == ["Load a", "Sleep a", "Load b", "Sleep b", "Wake a", "Sleep a", "Wake b"]
    assert [work.level for work in works(found) if isinstance(work, Sleep)] == [1, 1, 1]


def test_level_two_when_host_memory_is_short_and_a_kill_when_it_cannot_sleep() -> None:
    found = box(model("a"), model("b", levels=()))
    found.host = 10 * GIB
    found.run([Arrival(0, "1", "a", 5), Arrival(70, "2", "b", 5), Arrival(200, "3", "a", 5)])
    assert works(found)[1] == Sleep("a", 2)
    assert kinds(found)[3:] == ["Kill b", "Wake a"]


def test_what_stays_is_never_put_out_and_what_cannot_come_is_told() -> None:
    found = box(model("up"), model("b"), pinned=("up",))
    found.run([Arrival(100, "1", "b", 5), Arrival(500, "2", "up", 5)])
    assert kinds(found) == ["Load up"]
    assert "20.0" in (found.fates["1"].refused or "")
    assert found.fates["2"].waited == 0


def test_sleep_that_frees_too_little_is_ended_and_told() -> None:
    """vLLM 0.14 kept 16 of 22 GiB."""
    found = box(model("a"), model("b"))
    found.fault = lambda work, number: "leak" if isinstance(work, Sleep) else ""
    found.run([Arrival(0, "1", "a", 5), Arrival(70, "2", "b", 5)])
    assert kinds(found) == ["Load a", "Sleep a", "Kill a", "Load b"]
    told = next(tell for _, tell in found.told if tell.event == "memory_not_freed")
    assert told.facts == {"model": "a", "level": 1, "gib": 13.0}
    assert found.fates["2"].ended
    assert not found.over


def test_a_failed_wake_becomes_a_cold_start() -> None:
    found = box(model("a"), model("b"))
    found.fault = lambda work, number: "fail" if isinstance(work, Wake) else ""
    found.run([Arrival(0, "1", "a", 5), Arrival(70, "2", "b", 5), Arrival(300, "3", "a", 5)])
    assert kinds(found)[-3:] == ["Wake a", "Kill a", "Load a"]
    assert "wake_failed" in events(found)
    assert found.fates["3"].ended


def test_memory_that_a_kill_leaves_behind_is_reported_and_planned_around() -> None:
    """The card is dirty: 2.5 GiB are lost, so the next one of 20 GiB fits and a further one of 22 does not."""
    found = box(model("a", levels=()), model("b", levels=()), model("large", 22, levels=()))
    found.fault = lambda work, number: "lose" if work == Kill("a", "to make room for b") else ""
    found.run([Arrival(0, "1", "a", 5), Arrival(70, "2", "b", 5), Arrival(400, "3", "large", 5)])
    dirty = next(tell for _, tell in found.told if tell.event == "card_dirty")
    assert (dirty.facts["card"], dirty.facts["gib"]) == (0, 2.5)
    assert found.fates["2"].ended
    assert "2.5 are others' or kept free" in (found.fates["3"].refused or "")
    assert not found.over


def test_a_start_that_fails_twice_is_given_up_for_a_growing_time() -> None:
    found = box(model("a"))
    found.fault = lambda work, number: "fail" if isinstance(work, Load) and number < 7 else ""
    found.run(
        [Arrival(0, "1", "a", 5), Arrival(130, "2", "a", 5), Arrival(170, "3", "a", 5), Arrival(400, "4", "a", 5)]
    )
    assert [found.fates[key].refused is not None for key in "1234"] == [True, True, True, False]
    assert "does not come up (it was planned to fail)" in (found.fates["2"].refused or "")
    assert [tell.facts["seconds"] for _, tell in found.told if tell.event == "model_failed"] == [30, 60]
    assert found.fates["4"].ended


def test_three_crashes_in_a_row_give_it_up_and_time_forgives_them() -> None:
    found = box(model("a"))
    crash = lambda: found.scheduler.broken("a", "the connection was reset", found.now)  # noqa: E731
    for at in (100, 200, 300):
        found.at(at, crash)
    found.run([Arrival(at, str(at), "a", 1) for at in (0, 101, 201, 299, 301)])
    assert events(found).count("engine_died") == 3
    assert found.fates["201"].ended
    assert "does not come up (the connection was reset)" in (found.fates["301"].refused or "")


def test_a_long_time_up_forgives_earlier_crashes() -> None:
    found = box(model("a"))
    for at in (100, 800, 1500, 2200):
        found.at(at, lambda: found.scheduler.broken("a", "out of memory", found.now))
    found.run([Arrival(at, str(at), "a", 1) for at in (0, 101, 801, 1501, 2201)])
    assert [tell.facts["in_a_row"] for _, tell in found.told if tell.event == "engine_died"] == [1, 1, 1, 1]
    assert all(fate.ended for fate in found.fates.values())


def test_another_programs_memory_counts() -> None:
    """It appears while b is cold: b is refused with the reason; when it is gone b comes."""
    found = box(model("a"))
    found.at(1, lambda: found.hold(0, "blender", 6 * GIB))
    found.at(50, lambda: found.hold(0, "blender", 0))
    found.run([Arrival(10, "1", "a", 5), Arrival(60, "2", "a", 5)])
    assert "24.0 GiB of which 6.0 are others'" in (found.fates["1"].refused or "")
    assert found.fates["2"].ended


def test_tensor_parallel_waits_for_both_cards_and_gets_them() -> None:
    """Small models keep both cards busy; nobody younger may take what the wide one waits for."""
    found = box(model("x"), model("y"), model("wide", cards=2), cards=2)
    small = [Arrival(at, f"{name}{at}", name, lasts=4) for at in range(0, 900, 3) for name in ("x", "y")]
    found.run([*small, Arrival(200, "w", "wide", 10)])
    assert 120 <= found.fates["w"].waited <= 120 + 30 + 4 + 60 + 10
    assert all(fate.ended for fate in found.fates.values())
    assert not found.over


def test_a_lease_is_granted_after_a_swap_and_given_back() -> None:
    found = box(model("a"))
    lease = Model(Need("lease:1", 16 * GIB), lease=True)
    found.at(100, lambda: found.scheduler.borrow(lease, found.now))
    found.at(400, lambda: found.scheduler.give_back("lease:1", found.now))
    found.run([Arrival(0, "1", "a", 5), Arrival(300, "2", "a", 5), Arrival(450, "3", "a", 5)])
    assert found.granted == {"lease:1": (0,)}
    assert kinds(found) == ["Load a", "Sleep a", "Wake a"]
    assert "16.0 are others' or kept free" in (found.fates["2"].refused or "")
    assert found.fates["3"].ended


def test_whoever_waits_no_longer_calls_the_swap_off() -> None:
    """B's only client goes away while A drains: A stays and serves those who came meanwhile."""
    found = box(model("a"), model("b"), rules=Rules(min_loaded_s=0, max_wait_s=10))
    found.run([Arrival(0, "1", "a", 300), Arrival(70, "2", "b", 5, patience=60), Arrival(90, "3", "a", 5)])
    assert kinds(found) == ["Load a"]
    assert found.fates["3"].served == 130


def test_blind_it_goes_by_what_it_promised_and_by_what_the_card_shows() -> None:
    """WSL2: nobody is named. Turns work, sleep that frees too little is seen, another program counts."""
    found = box(model("a"), model("b"), model("c", 21))
    found.blind = True
    found.fault = lambda work, number: "leak" if work == Sleep("b", 1) else ""
    found.at(400, lambda: found.hold(0, "blender", 4 * GIB))
    line = [(0, "a"), (100, "b"), (200, "a"), (450, "c")]
    found.run([Arrival(at, str(number), name, 5) for number, (at, name) in enumerate(line)])
    assert kinds(found) == ["Load a", "Sleep a", "Load b", "Sleep b", "Kill b", "Wake a"]
    assert "memory_not_freed" in events(found)
    assert "others' or kept free" in (found.fates["3"].refused or "")
    assert not found.over
