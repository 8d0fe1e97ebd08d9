"""One callable per role. `agents/roster.py` fills it; mypy checks each signature there."""

from collections.abc import Callable
from dataclasses import dataclass

from factory.contracts.change import Change
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.memory import Recalled
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.record import Field, Record
from factory.contracts.seams import Answer, Desk
from factory.contracts.task import Pack, Task
from factory.contracts.verdict import Judgement


class PlanFacts(Record):
    task: Task
    pack: Pack
    problems: tuple[str, ...] = ()  # what was wrong with the plan before


class UnitFacts(Record):
    """What a coder, tester or the scribe is told."""

    task: Task
    pack: Pack
    plan: Plan
    unit: Unit
    tree: str  # the tree the unit starts from
    error: str = ""  # why the attempt before failed
    loop: bool = True  # work in the tool loop, or write in one shot
    sample: int = 0


class ReviewFacts(Record):
    """What a reviewer or auditor is told: the change and what the checks said, never the author's prose."""

    task: Task
    plan: Plan
    diff: str
    evidence: str  # the checks, as text
    flow: str = ""  # elements of the changed data flow and what to ask of each; only auditors are shown it
    known: tuple[Finding, ...] = ()
    lessons: tuple[Recalled, ...] = ()  # about files that the change touches


class FixFacts(Record):
    task: Task
    pack: Pack
    plan: Plan
    unit: Unit  # the lease of the fix: files of the candidate's diff and their tests
    tree: str
    diff: str
    finding: Finding
    evidence: str
    loop: bool = True  # work in the tool loop, or write in one shot


class JudgeFacts(Record):
    task: Task
    criteria: tuple[Criterion, ...]
    diff: str
    evidence: Evidence
    evidence_text: str
    findings: tuple[Finding, ...]
    commits: tuple[str, ...] = ()
    lessons: tuple[Recalled, ...] = ()


class Note(Record):
    """A finding as a model writes it; the machine adds id, source and fate after checking the quoted line."""

    rule: str = Field(max_length=80)
    path: str
    line: int = Field(ge=0)
    quote: str = Field(max_length=500)
    severity: str = "medium"
    confidence: float = Field(default=0.5, ge=0, le=1)
    category: str = ""
    message: str = Field(max_length=1000)
    fix: str = Field(default="", max_length=2000)


class Notes(Record):
    findings: tuple[Note, ...] = ()


Coder = Callable[[Desk, UnitFacts], Change]
Reviewer = Callable[[Desk, ReviewFacts], Notes]


@dataclass(frozen=True)
class Roster:
    """The thirteen roles."""

    atlas: Callable[[Desk, PlanFacts], Answer[Plan]]
    atlas_review: Reviewer  # of pull requests that others made
    frontend: Coder
    backend: Coder
    integration: Coder
    unit: Coder
    qa: Coder
    visual: Coder
    scribe: Coder
    threat: Reviewer
    injection: Reviewer
    hydra: dict[str, Reviewer]  # lens -> reviewer
    demiurge: Callable[[Desk, FixFacts], Change]
    genesis: Callable[[Desk, JudgeFacts], Answer[Judgement]]
