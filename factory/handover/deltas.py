"""A text told as what it takes from another one, in pieces: still text that a person or a scanner can read."""

from collections.abc import Sequence

from factory.handover.folder import damaged

BLOCK = 64  # characters that must agree before a piece is taken
MAX_ONE = 32 * 1024 * 1024  # characters of one text
Part = str | tuple[int, int]
"""New text, or (where in the other text, how many characters)."""


def delta(base: str, text: str) -> tuple[Part, ...]:
    """`text` in pieces of `base` and new words. Pieces are found wherever they stand in `base`."""
    if len(base) < BLOCK or len(text) < BLOCK:
        return (text,) if text else ()
    known = {base[at : at + BLOCK]: at for at in range(len(base) - BLOCK, -1, -BLOCK)}
    parts: list[Part] = []
    told = at = 0  # everything before `told` is in `parts`
    while at <= len(text) - BLOCK:
        found = known.get(text[at : at + BLOCK])
        if found is None:
            at += 1
            continue
        back = _agree_before(base, found, text, at, at - told)
        length = back + BLOCK + _agree_after(base, found + BLOCK, text, at + BLOCK)
        if told < at - back:
            parts.append(text[told : at - back])
        parts.append((found - back, length))
        told = at = at - back + length
    if told < len(text):
        parts.append(text[told:])
    return tuple(parts)


def told(base: str, parts: Sequence[Part]) -> str:
    """The text itself. Raises Refusal for pieces that are not in `base`, or too much of them."""
    size = sum(len(part) if isinstance(part, str) else part[1] for part in parts)
    taken = [part for part in parts if not isinstance(part, str)]
    if size > MAX_ONE or any(at < 0 or length < 0 or at + length > len(base) for at, length in taken):
        damaged("a step takes text from where there is none")
    return "".join(part if isinstance(part, str) else base[part[0] : part[0] + part[1]] for part in parts)


def _agree_after(base: str, there: int, text: str, here: int) -> int:
    """How many characters from here on are the same; by halving, since comparing slices is fast."""
    low, high = 0, min(len(base) - there, len(text) - here)
    if base[there : there + high] == text[here : here + high]:
        return high
    while low < high - 1:
        middle = (low + high) // 2
        same = base[there + low : there + middle] == text[here + low : here + middle]
        low, high = (middle, high) if same else (low, middle)
    return low


def _agree_before(base: str, there: int, text: str, here: int, most: int) -> int:
    """How many characters before are the same: fewer than a block, since a whole one was found already."""
    size = 0
    while size < min(most, there, BLOCK) and base[there - size - 1] == text[here - size - 1]:
        size += 1
    return size
