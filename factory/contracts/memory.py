"""What the factory remembers: lines of facts about runs, and the lessons drawn from them.

Lines are what is stored and what travels between machines: each is written once and never changed, so two machines
that have seen the same set of lines draw the same lessons. `id` is a digest of the rest of the line.
"""

from typing import Annotated, Literal

from factory.contracts.finding import Severity
from factory.contracts.record import Field, Record, digest

SHARED_FILE = "memory.jsonl"  # lines of the branch, as the gate hands them on beside the issue
LinkKind = Literal["file", "symbol", "rule"]
State = Literal["active", "pending", "dormant", "rejected"]
"""`pending`: an agent's prose, waiting for a person. `dormant`: its weight sank; kept, but not recalled."""
ObservationKind = Literal["run", "unit", "finding", "test", "recalled", "outcome"]
Word = Literal[
    "", "accepted", "revise", "rejected", "stopped", "done", "failed", "fixed", "answered", "open", "broken", "mended",
    "merged", "closed", "reverted", "edited",
]  # fmt: skip
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
At = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
RunId = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,63}$")]
Name = Annotated[str, Field(max_length=200)]


class Link(Record):
    """What a lesson is about: a repository path, a symbol's name, or the rule of a finding."""

    kind: LinkKind
    name: str = Field(min_length=1, max_length=300)


class Observation(Record):
    """One fact that the system itself saw of a run. Only typed fields: no sentence of a model or an issue."""

    line: Literal["observation"] = "observation"
    id: Id = "0" * 16
    kind: ObservationKind
    run: RunId
    at: At
    about: str = Field(default="", max_length=64)  # which of its kind in the run; the newest of each counts
    paths: tuple[Name, ...] = Field(default=(), max_length=64)
    symbol: Name = ""
    tool: str = Field(default="", max_length=40)  # who found it: "hydra.correctness", "lint", "tests"
    rule: str = Field(default="", max_length=40)
    severity: Severity = "info"
    word: Word = ""
    n: int = Field(default=0, ge=0, le=1_000_000)  # run: the effort planned; finding and test: the round
    rounds: int = Field(default=0, ge=0, le=1000)
    score: float = Field(default=0.0, ge=0, le=1)  # run: the verdict's confidence
    pull: int = Field(default=0, ge=0, le=2**31)
    commit: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")  # run: the head that was delivered
    lessons: tuple[Id, ...] = Field(default=(), max_length=64)  # recalled: which were in a pack


class Suggestion(Record):
    """What an agent would have us remember, in its own words: shown to nobody but people until one approves."""

    line: Literal["suggestion"] = "suggestion"
    id: Id = "0" * 16
    run: RunId
    at: At
    role: str = Field(default="", max_length=40)
    text: str = Field(min_length=1, max_length=600)
    paths: tuple[Name, ...] = Field(default=(), max_length=8)


class Decision(Record):
    """A person's word on one lesson (its id), or on everything that one run taught (forget, the run's id)."""

    line: Literal["decision"] = "decision"
    id: Id = "0" * 16
    at: At
    target: RunId
    what: Literal["approve", "reject", "forget"]
    who: str = Field(default="", max_length=80)


Line = Observation | Suggestion | Decision


class Lesson(Record):
    """One thing learned. `text` is one or two sentences; `source` names the run or the pull request it came from."""

    id: Id  # digest of kind and subject, not of the counts in the text: a fact that is seen again is the same lesson
    repo: str
    kind: str = Field(max_length=40)
    text: str = Field(min_length=1, max_length=600)
    source: str = Field(max_length=200)
    prose: bool = False  # written by an agent, not derived by us
    state: State = "active"
    weight: float = Field(default=1.0, ge=0, le=2)  # before decay
    made: str  # ISO 8601, UTC
    seen: str = ""  # when it was last observed (prose: approved): its age counts from here
    expires: str = ""
    helped: float = Field(default=0, ge=0)  # runs that had it in their pack and went well
    failed: float = Field(default=0, ge=0)  # runs that had it and did not
    links: tuple[Link, ...] = ()


class Question(Record):
    """What is asked of the memory: words of the task, files and symbols at hand, and the tokens there are for it."""

    words: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    tokens: int = Field(default=1000, ge=0)


class Recalled(Record):
    """A lesson as it stands in a pack: with where it is from, and why it came up."""

    id: str
    text: str
    source: str
    why: str = ""
    paths: tuple[str, ...] = ()  # every file that the text names: what may not see one of them may not see the lesson


class Lessons(Record):
    """The answer, best first: what a journal keeps of a question to the memory."""

    found: tuple[Recalled, ...] = ()


def short_id(*parts: str) -> str:
    """Sixteen hex digits from some texts."""
    return digest("\0".join(parts))[:16]
