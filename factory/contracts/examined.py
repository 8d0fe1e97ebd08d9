"""A review of somebody's change: what the reviewers found on a diff that the factory did not make."""

from factory.contracts.finding import Finding
from factory.contracts.record import Field, Record

MAX_FINDINGS = 100


class Examined(Record):
    """Crosses from a think job to a ship job as `findings.json`."""

    run: str
    base: str = Field(pattern=r"^[0-9a-f]{40}$")  # merge base of the two
    head: str = Field(pattern=r"^[0-9a-f]{40}$")
    findings: tuple[Finding, ...] = Field(default=(), max_length=MAX_FINDINGS)
    tested: str = ""  # what the checks saw, one line each; "" = they were not run
    notes: tuple[str, ...] = ()  # lenses that gave no answer, a diff that was cut
    cost: int = 0  # micro-dollars
