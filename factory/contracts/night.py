"""Settings of what runs while nobody watches: the hunt, and the alerts."""

from typing import Literal

from factory.contracts.finding import Severity
from factory.contracts.record import Field, Record


class HuntSettings(Record):
    """What `factory hunt` looks for, how much of it becomes work, and how much of that a day."""

    off: tuple[str, ...] = Field(default=(), description="ids of detectors that are switched off")
    ignore: tuple[str, ...] = Field(default=(), description="globs whose files are not looked at")
    rules: str = Field(default=".factory/rules", description="folder of the repository's own ast-grep rules (YAML)")
    baseline: str = Field(
        default=".factory/hunt-baseline.json", description="file of findings that are known: only new ones count"
    )
    advisories: str = Field(
        default="", description="an OSV database on this machine (zip or folder): pins with known advisories are found"
    )
    severity: Severity = Field(default="low", description="lowest severity that is reported")
    confidence: float = Field(default=0.6, ge=0, le=1, description="lowest confidence that is reported")
    sure: float = Field(
        default=0.8, ge=0, le=1, description="lowest confidence of a finding that becomes an issue or a model's task"
    )
    top_issues: int = Field(default=3, ge=0, le=20, description="open issues a night that become work")
    top_findings: int = Field(default=10, ge=0, le=100, description="findings a night that become work or an issue")
    filed_a_day: int = Field(default=5, ge=0, le=50, description="issues the hunt may file a UTC day")
    pulls_a_day: int = Field(default=3, ge=0, le=20, description="pull requests the hunt may open a UTC day")
    lines: int = Field(default=500, ge=1, description="changed lines one of its pull requests may have")
    issues: Literal["never", "file"] = Field(
        default="file", description="what becomes of findings that no change mends: filed as issues, or only reported"
    )


class AlertSettings(Record):
    """When people are told that the factory itself is in trouble."""

    attempts: int = Field(
        default=3, ge=1, le=20, description="failed runs of one task after which only a person starts it again"
    )
    after: int = Field(default=3, ge=1, le=100, description="failed runs in a row that raise an alert")
    silent_hours: float = Field(
        default=26, gt=0, description="hours without a heartbeat of the box or the night that raise an alert"
    )
    webhook_env: str = Field(
        default="", description="environment variable with a URL that alerts are posted to as JSON (ship jobs only)"
    )
