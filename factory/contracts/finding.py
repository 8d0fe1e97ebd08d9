"""One type for everything that is wrong: review, audit, tests, lint, leases, detectors."""

import re
from typing import Literal

from factory.contracts.record import Field, Record, digest

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")


class Finding(Record):
    id: str  # fingerprint: survives line shifts
    source: str  # "hydra.correctness", "tests", "collect", "ruff" ...
    rule: str
    path: str = ""
    start: int = 0  # 1-based, 0 = the whole file or change
    end: int = 0
    severity: Severity = "medium"
    confidence: float = Field(default=1.0, ge=0, le=1)
    category: str = ""  # STRIDE letter or CWE
    message: str
    evidence: str = ""  # the quoted line, the failing test's output
    fix: str = ""
    fate: str = ""  # what became of it: "fixed in <unit>", "answered in <unit>", "open: why"

    @property
    def serious(self) -> bool:
        return self.severity in ("high", "critical")


def fingerprint(source: str, rule: str, path: str, quoted: str) -> str:
    """Twelve hex digits from source, rule, path and the quoted text without white space, never the line number."""
    return digest("\0".join((source, rule, path, re.sub(r"\s+", "", quoted))))[:12]


def finding(source: str, rule: str, message: str, *, path: str = "", evidence: str = "", **more: object) -> Finding:
    """A finding with its fingerprint computed."""
    key = fingerprint(source, rule, path, evidence or message)
    return Finding.model_validate(
        {"id": key, "source": source, "rule": rule, "message": message, "path": path, "evidence": evidence, **more}
    )
