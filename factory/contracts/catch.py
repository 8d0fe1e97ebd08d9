"""What a hunt hands over when it was triaged: findings in order of their rank, and the themes that mend some of them.

The file `hunt.json` between the jobs of the night: closed records, so that what arrives can be checked whole.
"""

from factory.contracts.finding import Finding, Severity
from factory.contracts.hunt import Hunted
from factory.contracts.record import Field, Record

MOST = 25_000  # findings: as many as code scanning takes


class Rule(Record):
    """A detector as readers need it: beside findings, in SARIF, on the page."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    title: str = Field(max_length=200)
    why: str = Field(max_length=2000)
    severity: Severity = "medium"
    category: str = Field(default="", max_length=40)  # CWE-…, "" for what is no weakness


class Ranked(Record):
    """A finding with its place in the queue; factors as `factory/hunt/triage.py` makes them, each 0 to 1."""

    finding: Finding
    rank: float = Field(ge=0, le=100)
    centrality: float = Field(default=0.5, ge=0, le=1)
    churn: float = Field(default=0.5, ge=0, le=1)
    age: float = Field(default=0.5, ge=0, le=1)
    known: bool = False  # in the baseline: not new
    mend: str = Field(default="", pattern=r"^[a-z0-9-]{0,40}$")  # the codemod that mends it, "" = none does


class Theme(Record):
    """Findings of one detector in one package that one pull request mends without a model."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    detector: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    package: str = Field(max_length=300)  # folder, "" = the root
    findings: tuple[str, ...] = Field(min_length=1, max_length=200)  # ids
    lines: int = Field(ge=1)  # changed lines, added and removed


class Catch(Record):
    """One hunt through one commit."""

    version: int = 1
    ref: str = Field(default="", max_length=300)
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    rules: tuple[Rule, ...] = Field(default=(), max_length=1000)
    ranked: tuple[Ranked, ...] = Field(default=(), max_length=MOST)  # highest rank first
    themes: tuple[Theme, ...] = Field(default=(), max_length=1000)
    hunted: Hunted = Hunted()  # what was looked at with what; its findings are in `ranked`

    @property
    def fresh(self) -> tuple[Ranked, ...]:
        """What the baseline does not know."""
        return tuple(each for each in self.ranked if not each.known)


class Mended(Record):
    """One theme that walked the line: where its bundle lies and by which digest it is known."""

    theme: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")  # also the bundle's folder
    run: str = Field(max_length=64)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")  # of the bundle's manifest
    findings: tuple[str, ...] = Field(default=(), max_length=200)  # that are mended; the theme's others are not


class Night(Record):
    """`hunt.json`: all that a night's think job hands to the ship job. Its digest is what the jobs tell each other."""

    version: int = Field(default=1, ge=1, le=1)
    catch: Catch
    mended: tuple[Mended, ...] = Field(default=(), max_length=20)
    waiting: tuple[str, ...] = Field(default=(), max_length=1000)  # themes that another night mends
