"""The journal's steps as lines of text, each text told as what it shares with the one before it.

A tool loop says its whole history again in every request; so a text is [characters taken from the beginning of the
text before, new characters, characters taken from its end]. It stays text that a person or a scanner can read.
"""

from collections.abc import Callable, Iterable, Iterator

from factory.contracts.errors import Refusal
from factory.contracts.record import Field, Record
from factory.ledger.journal import Step

MAX_TEXT = 512 * 1024 * 1024  # characters of all texts together when they are told in full
MAX_ONE = 32 * 1024 * 1024
Shared = tuple[int, str, int]


class StepLine(Record):
    stage: str = Field(pattern=r"^[a-z]{1,32}$")
    unit: str = Field(max_length=200)
    n: int = Field(ge=0, le=1_000_000)
    kind: str = Field(max_length=64)
    input_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    input: Shared
    output: Shared
    seconds: float = Field(ge=0, allow_inf_nan=False)
    started: str = Field(max_length=40)


def lines_of(steps: Iterable[Step]) -> Iterator[StepLine]:
    """In the order given; the first of each place stands alone, so that places can be left out."""
    place, before = ("", ""), ("", "")
    for step in steps:
        if (step.stage, step.unit) != place:
            place, before = (step.stage, step.unit), ("", "")
        yield StepLine(
            stage=step.stage, unit=step.unit, n=step.n, kind=step.kind, input_digest=step.input_digest,
            seconds=step.seconds, started=step.started,
            input=shared(before[0], step.input), output=shared(before[1], step.output),
        )  # fmt: skip
        before = step.input, step.output


def steps_of(lines: Iterable[StepLine]) -> Iterator[Step]:
    """Raises Refusal('too_big') for texts that grow without bound, Refusal('bundle_damaged') for impossible ones."""
    place, before, total = ("", ""), ("", ""), 0
    for line in lines:
        if (line.stage, line.unit) != place:
            place, before = (line.stage, line.unit), ("", "")
        texts = told(before[0], line.input), told(before[1], line.output)
        total += len(texts[0]) + len(texts[1])
        if total > MAX_TEXT:
            raise Refusal("too_big", f"The bundle's steps have over {MAX_TEXT:,} characters: start the run again.")
        rest = line.model_dump(exclude={"input", "output"})
        yield Step(**rest, input=texts[0], output=texts[1])
        before = texts


def shared(before: str, text: str) -> Shared:
    """`text` as what it shares with `before` at both ends, and what is new between."""
    head = _common(before, text, min(len(before), len(text)), _same_head)
    tail = _common(before, text, min(len(before), len(text)) - head, _same_tail)
    return (head, text[head : len(text) - tail], tail) if head + tail > 16 else (0, text, 0)


def told(before: str, parts: Shared) -> str:
    head, middle, tail = parts
    if head < 0 or tail < 0 or max(head, tail) > len(before) or head + tail + len(middle) > MAX_ONE:
        raise Refusal("bundle_damaged", "The bundle's steps do not fit together: let the job before make it again.")
    return before[:head] + middle + (before[-tail:] if tail else "")


def _same_head(a: str, b: str, size: int) -> bool:
    return a.startswith(b[:size])


def _same_tail(a: str, b: str, size: int) -> bool:
    return size == 0 or a.endswith(b[-size:])


def _common(a: str, b: str, most: int, same: Callable[[str, str, int], bool]) -> int:
    """The greatest size at which the ends agree, by halving: comparing is fast, looking at characters is not."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(a, b, middle) else (low, middle - 1)
    return low
