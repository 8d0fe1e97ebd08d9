"""What the factory remembers: observations about runs, and the lessons drawn from them."""

from typing import Literal

from factory.contracts.record import Field, Record

LinkKind = Literal["file", "symbol", "rule"]
State = Literal["active", "pending", "dormant", "rejected"]
"""`pending`: an agent's prose, waiting for a person. `dormant`: its weight sank; kept, but not recalled."""


class Link(Record):
    """What a lesson is about: a repository path, a symbol's name, or the rule of a finding."""

    kind: LinkKind
    name: str = Field(min_length=1, max_length=300)


class Lesson(Record):
    """One thing learned. `text` is one or two sentences; `source` names the run or the pull request it came from."""

    id: str = Field(pattern=r"^[0-9a-f]{16}$")  # digest of repository, kind and text: the same fact is one lesson
    repo: str
    kind: str = Field(max_length=40)
    text: str = Field(min_length=1, max_length=600)
    source: str = Field(max_length=200)
    prose: bool = False  # written by an agent, not derived by us
    state: State = "active"
    weight: float = Field(default=1.0, ge=0)  # before decay
    made: str  # ISO 8601, UTC
    expires: str
    links: tuple[Link, ...] = ()


class Recalled(Record):
    """A lesson as it stands in a pack: with where it is from, and why it came up."""

    id: str
    text: str
    source: str
    why: str = ""
