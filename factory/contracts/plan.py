"""The plan: units of work with disjoint leases."""

from typing import Literal

from factory.contracts.record import Field, Record

CoderRole = Literal["frontend", "backend", "integration", "unit", "qa", "visual", "scribe"]
"""The roles a plan may give a unit to: three coders, three testers, the scribe."""

MAX_UNITS_A_WAVE = 8
MAX_WAVES = 3
MAX_UNITS = MAX_UNITS_A_WAVE * MAX_WAVES
SMALL = 3  # an effort up to this one gets one unit


class Criterion(Record):
    """One thing that must be true at the end."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")
    text: str = Field(min_length=1, max_length=2000)


class Stub(Record):
    """An interface that units share before either is written."""

    path: str
    signature: str
    doc: str = ""


class Unit(Record):
    """One piece of work for one role; `owns` is its lease."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    role: CoderRole
    title: str = Field(min_length=1, max_length=200)
    instructions: str = Field(min_length=1, max_length=20_000)
    owns: tuple[str, ...] = Field(min_length=1, max_length=64)  # repository paths or globs (`**` allowed)
    reads: tuple[str, ...] = Field(default=(), max_length=64)
    after: tuple[str, ...] = Field(default=(), max_length=24)
    acceptance: tuple[str, ...] = Field(default=(), max_length=32)
    hard: bool = False
    removes: tuple[str, ...] = ()  # top-level symbols this unit is meant to delete, `path:name`


class Plan(Record):
    summary: str = Field(min_length=1, max_length=4000)
    effort: int = Field(ge=1, le=10)
    risk: Literal["normal", "security"] = "normal"
    acceptance: tuple[Criterion, ...] = Field(min_length=1, max_length=32)
    stubs: tuple[Stub, ...] = Field(default=(), max_length=64)
    units: tuple[Unit, ...] = Field(min_length=1, max_length=24)
    verify: tuple[str, ...] = Field(default=(), max_length=16)  # extra commands, run in the sandbox after the tests
