"""Which cards a model may stand on: pins, PCIe width, equal cards, power caps, memory. Pure; a no is a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from factory.contracts.engines import CardSettings
from factory.gpu.device import GIB, CardState

NARROW = 4  # lanes; tensor parallel and offloaded experts wait for the bus there
CLOSE = 256 * 1024**2  # bytes in which two cards of one kind may differ (the driver's own share)

Cards = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What one model, or one job of somebody else's, takes: so many bytes on each of so many cards."""

    name: str
    bytes: int
    cards: int = 1
    pin: Cards = ()  # exactly these, or none = any that fit
    offload: bool = False

    @property
    def wide(self) -> bool:
        """Does it load the bus with every token?"""
        return self.cards > 1 or self.offload


@dataclass(frozen=True, slots=True)
class Card:
    """One card as far as placing depends on it. `size`: bytes that may be used of it, by anybody."""

    index: int
    name: str
    size: int
    total: int
    why_not: str = ""  # no model at all may use it
    narrow: str = ""  # no tensor parallel and no offload may

    @property
    def gib(self) -> float:
        return self.size / GIB


def judged(state: CardState, said: CardSettings) -> Card:
    """A card under what its owner says of it; what is not said is as measured."""
    lanes = said.lanes or state.lanes
    size = min(state.total, int(said.gib * GIB)) if said.gib else state.total
    narrow = f"card {state.index} runs on {lanes} PCIe lanes" if lanes and lanes <= NARROW and not said.wide else ""
    why_not = ""
    if said.watts and state.watts is None:
        why_not = f"the power limit of card {state.index} cannot be read, and it is capped at {said.watts} W"
    elif said.watts and state.watts and state.watts > said.watts:
        why_not = (
            f"the power limit of card {state.index} is set to {state.watts} W, over its cap of {said.watts} W: "
            f"run `nvidia-smi -i {state.index} -pl {said.watts}`"
        )
    return Card(state.index, state.name, size, state.total, why_not, narrow)


def choices(need: Need, cards: Sequence[Card], reserved: Mapping[int, int]) -> tuple[Cards, ...] | str:
    """Every set of cards that may take it while nothing else of ours is on them, best first; or why there is none.

    `reserved`: bytes of each card that are others' or kept free for them. The fullest card that fits comes first, so
    that the roomy ones stay open for large models.
    """
    known = {card.index: card for card in cards}
    if missing := [index for index in need.pin if index not in known]:
        return f"{need.name} is pinned to card {missing[0]}, which is not there"
    if need.pin and len(need.pin) != need.cards:
        return f"{need.name} takes {need.cards} cards but is pinned to {len(need.pin)}: name as many"
    sets = [need.pin] if need.pin else list(combinations(sorted(known), need.cards))
    if not sets:
        return f"{need.name} takes {need.cards} cards, and this machine has {len(cards)}"
    refusals = {each: _refusal(need, [known[index] for index in each], reserved) for each in sets}
    open_sets = [each for each in sets if not refusals[each]]
    if not open_sets:
        return f"{need.name} cannot be placed: {'; '.join(dict.fromkeys(refusals.values()))}"
    return tuple(sorted(open_sets, key=lambda each: (sum(known[i].size - reserved.get(i, 0) for i in each), each)))


def _refusal(need: Need, cards: Sequence[Card], reserved: Mapping[int, int]) -> str:
    """Why these cards will not do, or ''."""
    for card in cards:
        if card.why_not:
            return card.why_not
        if need.wide and card.narrow:
            what = "tensor parallel" if need.cards > 1 else "offloaded experts"
            return f"{card.narrow}, too few for {what} (set cards.{card.index}.wide = true to use it all the same)"
    if any(card.name != cards[0].name or abs(card.total - cards[0].total) > CLOSE for card in cards):
        names = ", ".join(f"{card.index} ({card.name}, {card.total / GIB:.1f} GiB)" for card in cards)
        return f"tensor parallel needs equal cards, and these are not: {names}"
    for card in cards:
        kept = reserved.get(card.index, 0)
        if need.bytes + kept > card.size:
            held = f" of which {kept / GIB:.1f} are others' or kept free" if kept else ""
            return f"card {card.index} has {card.gib:.1f} GiB{held}, and it takes {need.bytes / GIB:.1f}"
    return ""


def pack(
    needs: Sequence[Need], cards: Sequence[Card], reserved: Mapping[int, int], beside: Sequence[Need] = ()
) -> dict[str, Cards] | str:
    """A place for each of several models at once that leaves room for each one of `beside`; or why there is none.

    The hardest to place come first; when a choice turns out wrong the next one is tried.
    """
    options: dict[str, tuple[Cards, ...]] = {}
    for need in (*needs, *beside):
        found = choices(need, cards, reserved)
        if isinstance(found, str):
            return found
        options[need.name] = found
    order = sorted(needs, key=lambda need: (len(options[need.name]), -need.bytes * need.cards, need.name))
    free = {card.index: card.size - reserved.get(card.index, 0) for card in cards}
    placed = _search(order, beside, options, free)
    if placed is None:
        wanted = ", ".join(f"{need.name} {need.bytes / GIB:.1f} GiB x{need.cards}" for need in needs)
        then = f", with room for one of {', '.join(need.name for need in beside)}" if beside else ""
        room = ", ".join(f"card {index} {left / GIB:.1f} GiB" for index, left in free.items())
        return f"these models do not fit together: {wanted}{then}; there is {room}"
    return placed


def _search(
    order: Sequence[Need], beside: Sequence[Need], options: Mapping[str, tuple[Cards, ...]], free: dict[int, int]
) -> dict[str, Cards] | None:
    """Depth first over the choices; `free` bytes are left as they were found."""

    def fitting(need: Need) -> list[Cards]:
        return [each for each in options[need.name] if all(free[index] >= need.bytes for index in each)]

    if not order:
        return {} if all(fitting(need) for need in beside) else None
    need, *rest = order
    for cards in sorted(fitting(need), key=lambda each: (sum(free[index] for index in each), each)):
        for index in cards:
            free[index] -= need.bytes
        found = _search(rest, beside, options, free)
        for index in cards:
            free[index] += need.bytes
        if found is not None:
            return {need.name: cards, **found}
    return None
