"""What one bug hunt gave: the findings, and what was looked at with what."""

from factory.contracts.finding import Finding
from factory.contracts.record import Field, Record


class EngineRun(Record):
    """One program that looked at the whole tree. `problem`: why it gave nothing, "" = it worked."""

    name: str
    version: str = ""
    rows: int = 0
    seconds: float = 0
    problem: str = ""


class Hunted(Record):
    """Findings are sorted by path and line; those below the settings' severity or confidence are only counted."""

    commit: str = ""
    findings: tuple[Finding, ...] = ()
    files: int = 0
    skipped: dict[str, int] = Field(default_factory=dict)  # by reason: vendored, generated, large, ignored ...
    failed: tuple[str, ...] = ()  # paths that crashed a worker or took too long
    hushed: int = 0  # findings that a comment in the code switches off
    below: int = 0
    detectors: tuple[str, ...] = ()
    engines: tuple[EngineRun, ...] = ()
    problems: tuple[str, ...] = ()  # detectors that could not look, with the reason
    seconds: float = 0
    phases: dict[str, float] = Field(default_factory=dict)  # seconds by phase
