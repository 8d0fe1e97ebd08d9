"""The journal's steps as lines of text. A tool loop says its whole history again in every request, and an answer is
kept with its request; so a request is told by the one before it, and an answer by its own request.
"""

from collections.abc import Iterable, Iterator

from factory.contracts.errors import Refusal
from factory.contracts.record import Field, Record
from factory.handover.deltas import Part, delta, told
from factory.ledger.journal import Step

MAX_TEXT = 1024 * 1024 * 1024  # characters of all texts together when they are told in full


class StepLine(Record):
    stage: str = Field(pattern=r"^[a-z]{1,32}$")
    unit: str = Field(max_length=200)
    n: int = Field(ge=0, le=1_000_000)
    kind: str = Field(max_length=64)
    input_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    input: tuple[Part, ...]
    output: tuple[Part, ...]
    seconds: float = Field(ge=0, allow_inf_nan=False)
    started: str = Field(max_length=40)


class _Before:
    """The last request of each kind in one place: what the next is told by."""

    def __init__(self) -> None:
        self._place = ("", "")
        self._texts: dict[str, str] = {}

    def of(self, step: Step | StepLine) -> str:
        if (step.stage, step.unit) != self._place:  # the first of each place stands alone: places can be left out
            self._place, self._texts = (step.stage, step.unit), {}
        return self._texts.get(step.kind, "")

    def keep(self, step: Step) -> None:
        self._texts[step.kind] = step.input


def lines_of(steps: Iterable[Step]) -> Iterator[StepLine]:
    """In the order given: place by place."""
    before = _Before()
    for step in steps:
        base = before.of(step)
        yield StepLine(
            stage=step.stage, unit=step.unit, n=step.n, kind=step.kind, input_digest=step.input_digest,
            seconds=step.seconds, started=step.started, input=delta(base, step.input),
            output=delta(step.input, step.output),
        )  # fmt: skip
        before.keep(step)


def steps_of(lines: Iterable[StepLine]) -> Iterator[Step]:
    """Raises Refusal('too_big') for texts that grow without bound, Refusal('bundle_damaged') for impossible ones."""
    before, total = _Before(), 0
    for line in lines:
        request = told(before.of(line), line.input)
        output = told(request, line.output)
        total += len(request) + len(output)
        if total > MAX_TEXT:
            raise Refusal("too_big", f"The bundle's steps have over {MAX_TEXT:,} characters: start the run again.")
        step = Step(**line.model_dump(exclude={"input", "output"}), input=request, output=output)
        yield step
        before.keep(step)
