"""The GPUs the planner knows, by name, and how a person writes a number of them: "2x3090", "1x RTX 4090", "L4"."""

import difflib
import re
import tomllib
from functools import cache
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.gpu.records import Card

LONGEST = 500  # characters of a name that are read and repeated
MOST = 64  # cards; a set-up of more is another kind of machine
COUNTED = re.compile(r"\s*(?:(?P<count>[-+]?\d+(?:\.\d+)?)\s*[xX×*]\s*)?(?P<name>.*?)\s*", re.DOTALL)
SILENT = re.compile(r"nvidia|geforce|rtx|[^a-z0-9]")  # what may be left out of a name or added to it
SEVERAL = re.compile(r"[+,;&]")


def parse(text: str) -> tuple[Card, int]:
    """The card and the number of them that `text` names.

    Raises UsageProblem for an unknown card, for a count that is not 1 to 64, and for cards of different kinds.
    """
    text = text.strip()[:LONGEST]
    if SEVERAL.search(text):
        raise UsageProblem(
            f"{text!r} names several kinds: tensor parallel runs between equal cards only, plan each kind alone."
        )
    found = COUNTED.fullmatch(text)
    count, name = (found["count"] or "1", found["name"]) if found else ("1", text)
    if not re.fullmatch(r"\+?\d{1,4}", count) or not 1 <= int(count) <= MOST:
        raise UsageProblem(f"{text!r} asks for {count} cards: write a whole number from 1 to {MOST}, as in 2x3090.")
    return find(name), int(count)


def find(name: str) -> Card:
    """The card called `name`; "nvidia", "geforce", "rtx", spaces and case do not matter.

    Raises UsageProblem that names the nearest ones.
    """
    spellings = _spellings()
    if card := spellings.get(_plain(name)):
        return card
    name = name.strip()[:LONGEST]
    keys = difflib.get_close_matches(_plain(name), spellings, n=6, cutoff=0.4)
    near = list(dict.fromkeys(spellings[key].name for key in keys))[:3] or [card.name for card in cards()]
    raise UsageProblem(f"There is no card {name!r} in the table: did you mean {', '.join(near)}?")


@cache
def cards() -> tuple[Card, ...]:
    """All cards of the table."""
    return tuple(Card.model_validate({key: row[key] for key in row if key != "also"}) for row in _rows())


@cache
def _spellings() -> dict[str, Card]:
    rows = zip(_rows(), cards(), strict=True)
    return {_plain(name): card for row, card in rows for name in (card.name, *_also(row))}


def _also(row: dict[str, object]) -> list[str]:
    also = row.get("also", [])
    return [str(name) for name in also] if isinstance(also, list) else []


def _rows() -> list[dict[str, object]]:
    text = Path(__file__).with_name("cards.toml").read_text(encoding="utf-8")
    rows: list[dict[str, object]] = tomllib.loads(text)["card"]
    return rows


def _plain(name: str) -> str:
    return SILENT.sub("", name.lower())
