"""Cards by name, and how a person writes a number of them."""

import pytest

from factory.contracts.errors import UsageProblem
from factory.gpu.cards import cards, find, parse

WANTED = (
    "RTX 3090", "RTX 3090 Ti", "RTX 4090", "RTX 5090", "RTX 4080", "RTX 3060 12GB", "RTX 4060 Ti 16GB",
    "RTX 5060 Ti 16GB", "RTX A4000", "RTX A6000", "RTX PRO 6000", "L4", "A40", "A100 80GB",
    "H100 80GB", "H200", "GB10",
)  # fmt: skip


@pytest.mark.parametrize("name", WANTED)
def test_the_table_holds_the_card_with_its_source(name: str) -> None:
    card = find(name)
    assert card.name == name
    assert card.source
    assert float(card.capability) >= 8


def test_the_numbers_of_the_3090_are_the_measured_ones() -> None:
    card = find("3090")
    assert (card.memory, card.bandwidth, card.flops, card.capability, card.watts) == (23.58, 936, 71, "8.6", 350)


def test_no_card_shows_more_memory_than_its_name_and_no_two_share_one() -> None:
    names = [card.name for card in cards()]
    assert len(set(names)) == len(names) >= 15
    for card in cards():
        size = card.name.rpartition(" ")[2].removesuffix("GB")
        if card.name.endswith("GB"):
            assert 0.9 * float(size) < card.memory < float(size)


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        ("2x3090", "RTX 3090", 2),
        ("3090", "RTX 3090", 1),
        ("1x RTX 4090", "RTX 4090", 1),
        (" 4 X 3090 ti ", "RTX 3090 Ti", 4),
        ("2×NVIDIA GeForce RTX 5090", "RTX 5090", 2),
        ("h100", "H100 80GB", 1),
        ("2*a100-80gb", "A100 80GB", 2),
        ("4060ti", "RTX 4060 Ti 16GB", 1),
        ("dgx spark", "GB10", 1),
    ],
)
def test_cards_as_people_write_them(text: str, name: str, count: int) -> None:
    card, found = parse(text)
    assert (card.name, found) == (name, count)


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "65", "9" * 400, "00000"])
def test_counts_that_make_no_machine_are_refused(count: str) -> None:
    with pytest.raises(UsageProblem, match="whole number from 1 to 64"):
        parse(f"{count}x3090")


@pytest.mark.parametrize("text", ["1x5090+1x3090", "3090, 4090", "5090 & 3090"])
def test_unequal_cards_are_refused_with_the_reason(text: str) -> None:
    with pytest.raises(UsageProblem, match="between equal cards only"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "near"), [("2x3091", "RTX 3090"), ("RTX 5090 Ti", "RTX 5090"), ("A6001", "RTX A6000")]
)
def test_an_unknown_card_names_the_nearest(text: str, near: str) -> None:
    with pytest.raises(UsageProblem, match=near):
        parse(text)


@pytest.mark.parametrize("text", ["", "2x", "x", "  ", "\x00", "2x2x3090", "3090 " * 500])
def test_what_is_no_card_is_a_usage_problem(text: str) -> None:
    with pytest.raises(UsageProblem):
        parse(text)


def test_an_endless_name_is_not_repeated_whole() -> None:
    with pytest.raises(UsageProblem) as caught:
        parse("2x" + " " * 100_000 + "y" * 100_000)
    assert len(str(caught.value)) < 1000
