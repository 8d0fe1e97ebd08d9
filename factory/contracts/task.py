"""What comes in: an event, the task made of it, and the pack of context gathered for it."""

from typing import Literal

from factory.contracts.feedback import Feedback
from factory.contracts.finding import Finding
from factory.contracts.memory import Recalled
from factory.contracts.record import Field, Record

TaskKind = Literal["bug", "feature", "chore", "tidy", "mend"]


class Event(Record):
    """How the factory was asked: an issue's text from a file, or a built-in task."""

    kind: Literal["issue", "tidy", "mend", "review"]
    source: str  # where the text came from, for people: a file name or "command line"
    text: str = ""
    number: str = ""  # the number when one is known, digits only
    pull: int = Field(default=0, ge=0)  # the pull request whose branch is revised
    branch: str = ""  # that branch: delivered onto, instead of onto a new one
    feedback: Feedback | None = None  # what a revision answers, remark by remark
    findings: tuple[Finding, ...] = ()  # "mend": what is mended, a unit each


class Task(Record):
    """What is to be done; `body` is untrusted text."""

    number: str  # issue number, or "local"
    title: str
    body: str
    kind: TaskKind
    effort: int = 5  # 1-10, before Atlas has judged it
    digest: str  # sha256 of the untouched event text
    notes: tuple[str, ...] = ()  # what intake changed, e.g. "truncated to 64 KiB"

    @property
    def mechanical(self) -> bool:
        """Written by rules, not by a model: nothing is gathered, reviewed or judged; the tests alone decide."""
        return self.kind in ("tidy", "mend")


class PackFile(Record):
    """A piece of one file, by 1-based inclusive lines."""

    path: str
    start: int
    end: int
    text: str
    why: str


class Advice(Record):
    """The target's own instructions (AGENTS.md and the like): untrusted, capped."""

    path: str
    text: str


class Pack(Record):
    """What a model gets to see of the repository for one task."""

    tree: str  # the listing, one path a line, capped
    tree_omitted: int = 0
    map: str = ""  # outline of what matters: path, then its symbols' signatures with line numbers
    files: tuple[PackFile, ...] = ()
    advice: tuple[Advice, ...] = ()
    lessons: tuple[Recalled, ...] = ()
    tokens: int = 0  # of the whole pack, counted or estimated


class PackRef(Record):
    """A pack in `run.json`: what is in it and where the blob lies."""

    blob: str
    tokens: int
    files: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()  # ids of the lessons in it
