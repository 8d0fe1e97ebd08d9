"""What people and checks say of a pull request, as one record that is carried from the gate to the answer.

The gate reads it, its digest stands in the ticket, the box fixes or answers each remark, the ship job replies. Texts,
paths and names in it are untrusted; ids and times are GitHub's.
"""

import re
from collections.abc import Iterator
from typing import Literal, Protocol

from factory.contracts.finding import fingerprint
from factory.contracts.hub import Annotation, Comment, Ship
from factory.contracts.record import Field, Record

FILE = "feedback.json"  # as the gate leaves it beside issue.md
MOST_REMARKS = 20  # that one revision answers; what is over waits for the next
MAX_WORDS = 8_000  # characters of one remark

RemarkKind = Literal["thread", "review", "comment", "check", "conflict"]


class InlineComment(Record):
    """A comment on lines of a pull request. `line` 0: the lines it stands on have changed since (outdated)."""

    comment: Comment
    reply_to: int = 0  # id of the thread's first comment, 0 = this is the first
    review: int = 0
    path: str
    line: int = 0
    start: int = 0  # 0 = one line
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    hunk: str = ""


class Thread(Record):
    """What only GraphQL says of a thread. `first`: the id of its first comment."""

    id: str
    first: int
    resolved: bool = False


class CheckJob(Record):
    """One job of somebody's workflow, any attempt; or what another app says of a commit."""

    id: int
    run: int = 0
    attempt: int = 1
    workflow: str  # path of the file; app:SLUG for another app's check run, `status` for a commit status
    name: str
    conclusion: str = ""
    began: str = ""
    completed: str = ""
    url: str = ""
    said: str = ""  # another app's own words; the address that it names is never asked

    @property
    def is_job(self) -> bool:
        """Has it a log on GitHub?"""
        return self.workflow.startswith(".github/")


class Failure(Record):
    """One thing that a log says is wrong: a failing test or an error of a compiler or type checker."""

    kind: Literal["test", "compile", "other"]
    tool: str
    name: str = ""  # the test's id
    path: str = ""
    line: int = Field(default=0, ge=0)
    message: str


class Remark(Record):
    """One demand. `key` and `last` name what it answers; `thread` is the node to resolve, if there is one."""

    key: str = Field(pattern=r"^[a-z]+-[A-Za-z0-9.-]{1,100}$")
    last: int = 0  # id of the newest comment in it
    kind: RemarkKind
    author: str = Field(max_length=100)
    must: bool = False  # changes were requested, or a check fails
    text: str = Field(max_length=MAX_WORDS + 200)
    path: str = Field(default="", max_length=1000)
    start: int = Field(default=0, ge=0)  # 1-based lines of the head, 0 = not known any more
    end: int = Field(default=0, ge=0)
    quote: str = Field(default="", max_length=2000)  # the line that was commented on
    suggestion: str | None = Field(default=None, max_length=20_000)  # what is to stand in the place of those lines
    thread: str = Field(default="", max_length=200)
    rule: str = Field(default="remark", pattern=r"^[a-z-]{1,40}$")

    @property
    def source(self) -> str:
        """Who found it, as a finding names it."""
        return f"{'ci' if self.kind == 'check' else 'review'}.{re.sub(r'[^A-Za-z0-9-]', '-', self.author)[:60]}"

    @property
    def id(self) -> str:
        """Of the finding that it becomes: the same demand is the same finding in every run."""
        return fingerprint(self.source, self.rule, self.path, f"{self.key} {self.last} {self.text}")


class Feedback(Record):
    """Everything that one revision answers; or, with `pull` 0, what stands below a word on an earlier run's plan."""

    pull: int
    head_sha: str = ""
    remarks: tuple[Remark, ...] = Field(default=(), max_length=MOST_REMARKS)
    notices: tuple[str, ...] = ()  # what was left out, in our words


class ThreadReader(Protocol):
    """For the gate and the ship job."""

    def inline_comments(self, number: int) -> Iterator[InlineComment]: ...

    def threads(self, number: int) -> Iterator[Thread]: ...


class ThreadWriter(Protocol):
    def resolve(self, thread: str) -> None:
        """GraphQL: REST cannot. Raises HubProblem."""
        ...


class CheckReader(Protocol):
    """For the gate: what other workflows and apps say of a commit."""

    def check_jobs(self, commit: str) -> Iterator[CheckJob]:
        """Jobs of all workflow runs on the commit, every attempt."""
        ...

    def job_log(self, job: int, most: int) -> str:
        """The last `most` bytes."""
        ...

    def other_checks(self, commit: str) -> Iterator[CheckJob]:
        """Check runs of other apps and commit statuses, oldest first."""
        ...

    def annotations(self, check: int) -> Iterator[Annotation]:
        """Of a check run."""
        ...


class Conversation(Ship, ThreadReader, ThreadWriter, CheckReader, Protocol):
    """All of it, with threads: for ship jobs only."""
