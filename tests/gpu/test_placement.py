"""Where a model may stand: each rule says no in a sentence, and what is allowed is found."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.engines import CardSettings
from factory.gpu.device import GIB, CardState
from factory.gpu.placement import Card, Need, choices, judged, pack

STATE = CardState(0, "RTX 3090", "GPU-0", 24 * GIB, 0, lanes=16, lanes_max=16, watts=350, watts_default=350)
SILENT = CardSettings()


def card(index: int, gib: float = 24, **more: str) -> Card:
    return Card(index, more.pop("name", "RTX 3090"), int(gib * GIB), int(gib * GIB), **more)


def test_a_card_as_measured_and_as_its_owner_says() -> None:
    assert judged(STATE, SILENT) == card(0)
    assert judged(STATE, CardSettings(gib=20)).size == 20 * GIB
    assert judged(STATE, CardSettings(gib=40)).size == 24 * GIB
    assert judged(replace(STATE, lanes=4), SILENT).narrow == "card 0 runs on 4 PCIe lanes"
    assert not judged(replace(STATE, lanes=4), CardSettings(lanes=16)).narrow
    assert judged(STATE, CardSettings(lanes=4)).narrow
    assert not judged(replace(STATE, lanes=4), CardSettings(wide=True)).narrow


@pytest.mark.parametrize(
    ("watts", "cap", "refused"), [(350, 280, True), (280, 280, False), (None, 280, True), (350, None, False)]
)
def test_a_card_over_its_stated_power_cap_is_not_used(watts: int | None, cap: int | None, refused: bool) -> None:
    made = judged(replace(STATE, watts=watts), CardSettings(watts=cap))
    found = choices(Need("m", GIB), [made], {})
    assert isinstance(found, str) == refused
    if watts and refused:
        assert "nvidia-smi -i 0 -pl 280" in str(found)


def test_a_narrow_slot_takes_single_models_only() -> None:
    cards = [card(0), card(1, narrow="card 1 runs on 4 PCIe lanes")]
    assert choices(Need("m", GIB), cards, {}) == ((0,), (1,))
    assert choices(Need("m", GIB, offload=True), cards, {}) == ((0,),)
    assert "too few for tensor parallel" in str(choices(Need("m", GIB, cards=2), cards, {}))
    assert "too few for offloaded experts" in str(choices(Need("m", GIB, pin=(1,), offload=True), cards, {}))


def test_tensor_parallel_between_equal_cards_only() -> None:
    need = Need("m", GIB, cards=2)
    assert choices(need, [card(0), card(1), card(2, 16, name="RTX 4080")], {}) == ((0, 1),)
    assert "equal cards" in str(choices(need, [card(0), card(1, name="RTX 3090 Ti")], {}))
    assert "equal cards" in str(choices(need, [card(0), card(1, 20)], {}))
    assert "this machine has 1" in str(choices(need, [card(0)], {}))


def test_pins() -> None:
    cards = [card(0), card(1)]
    assert choices(Need("m", GIB, pin=(1,)), cards, {}) == ((1,),)
    assert "pinned to card 3, which is not there" in str(choices(Need("m", GIB, pin=(3,)), cards, {}))
    assert "name as many" in str(choices(Need("m", GIB, cards=2, pin=(1,)), cards, {}))


def test_the_fullest_that_fits_comes_first_and_memory_of_others_counts() -> None:
    cards = [card(0), card(1), card(2, 12)]
    assert choices(Need("m", 10 * GIB), cards, {1: 5 * GIB}) == ((2,), (1,), (0,))
    found = str(choices(Need("m", 20 * GIB), [card(0)], {0: 6 * GIB}))
    assert found == "m cannot be placed: card 0 has 24.0 GiB of which 6.0 are others' or kept free, and it takes 20.0"


def test_pack_tries_the_next_choice_and_leaves_room_beside() -> None:
    cards = [card(0, 24), card(1, 12)]
    assert pack([Need("a", 11 * GIB), Need("b", 20 * GIB)], cards, {}) == {"b": (0,), "a": (1,)}
    assert pack([Need("a", 8 * GIB)], cards, {}, [Need("b", 20 * GIB)]) == {"a": (1,)}
    assert pack([Need("a", 8 * GIB)], cards, {}, [Need("b", 5 * GIB)]) == {"a": (1,)}
    found = str(pack([Need("a", 13 * GIB)], cards, {}, [Need("b", 20 * GIB)]))
    assert found.startswith(
        "these models do not fit together: a 13.0 GiB x1, with room for one of b; there is card 0 24.0"
    )


@given(
    st.lists(st.tuples(st.integers(1, 24), st.integers(1, 2)), min_size=1, max_size=5),
    st.lists(st.sampled_from((12, 24)), min_size=1, max_size=3),
)
def test_pack_never_goes_over(needs: list[tuple[int, int]], sizes: list[int]) -> None:
    cards = [card(index, gib) for index, gib in enumerate(sizes)]
    wanted = [Need(str(number), gib * GIB, many) for number, (gib, many) in enumerate(needs)]
    found = pack(wanted, cards, {0: 2 * GIB})
    if isinstance(found, str):
        return
    assert set(found) == {need.name for need in wanted}
    for each in cards:
        held = sum(need.bytes for need in wanted if each.index in found[need.name])
        assert held + (2 * GIB if each.index == 0 else 0) <= each.size
