"""What `factory doctor` finds: one row a part, with what to do about it."""

from collections.abc import Callable, Iterable
from typing import Literal

from factory.contracts.errors import FactoryError
from factory.contracts.record import Record


class Row(Record):
    """`missing`: something needed is not there (exit code 1). `weaker`: works, less well. `unknown`: cannot be seen."""

    part: str
    state: Literal["ok", "missing", "weaker", "unknown"]
    detail: str  # what was found; for everything but ok: what to do


def ok(part: str, detail: str) -> Row:
    return Row(part=part, state="ok", detail=detail)


def missing(part: str, remedy: str) -> Row:
    return Row(part=part, state="missing", detail=remedy)


def weaker(part: str, remedy: str) -> Row:
    return Row(part=part, state="weaker", detail=remedy)


def unknown(part: str, why: str) -> Row:
    return Row(part=part, state="unknown", detail=why)


def gathered(checks: Iterable[tuple[str, Callable[[], Iterable[Row]]]]) -> tuple[Row, ...]:
    """Every check's rows; one that fails is a row of its own and hides no other."""
    rows: list[Row] = []
    for part, check in checks:
        try:
            rows += check()
        except FactoryError as problem:
            rows.append(unknown(part, f"could not be looked at: {problem}"))
    return tuple(rows)
