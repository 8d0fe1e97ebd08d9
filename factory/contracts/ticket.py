"""Tickets: what the gate decided about one event, signed: later jobs can check it, none can change it."""

from decimal import Decimal
from typing import Literal

from factory.contracts.record import Field, Record, digest, digest_of

Verb = Literal[
    "plan", "approve", "fix", "review", "security", "retry", "redo", "only", "skip", "budget", "why", "status", "stop"
]  # fmt: skip
Purpose = Literal["swarm", "local", "demiurge", "revise", "review", "answer", "hunt"]
"""What a ticket admits: the swarm, the whole line on the box, one fix on the box, a revision of a pull request's
branch,
a review of one, an answer without any model, the nightly hunt."""

RoleName = Literal["none", "read", "triage", "write", "maintain", "admin"]
ROLES: tuple[RoleName, ...] = ("none", "read", "triage", "write", "maintain", "admin")

Denial = Literal[
    "denied:actor_permission",
    "denied:permission_unknown",
    "denied:bot",
    "denied:own_comment",
    "denied:not_understood",
    "not_for_us",
    "stale_input",
    "bad_signature",
    "untrusted_artifact",
    "digest_mismatch",
    "duplicate",
    "already_running",
    "rate_limited",
    "quarantined",
    "depth",
    "closed",
    "budget",
]
"""Why an event starts nothing. Fixed words: tests, logs and the status comment use the same."""


STEERING: tuple[Verb, ...] = ("approve", "retry", "redo", "only", "skip")
"""Words on a run that was: a new run goes on from the old one's bundle."""


class Command(Record):
    """`/factory VERB …` as a record."""

    verb: Verb
    unit: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9_-]{0,31})?$")
    step: str = Field(default="", pattern=r"^[a-z]{0,16}$")
    frontier: bool = False
    amount: Decimal = Field(default=Decimal(0), ge=0, le=1000)  # dollars


class Ticket(Record):
    """One admitted event. `signature` is Ed25519 over the canonical JSON of everything else."""

    version: int = 1
    repo: str = Field(pattern=r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$")
    purpose: Purpose
    event: str = Field(max_length=300)  # what makes a delivery unique: docs/github.md#events
    actor: str = Field(max_length=100)
    actor_id: int
    role: RoleName
    issue: int = Field(ge=0)  # 0: a dispatch with a task's text, or the hunt
    pull: int = Field(default=0, ge=0)
    command: Command | None = None
    effort: int = Field(default=0, ge=0, le=10)  # 0: Atlas decides
    max_units: int = Field(default=24, ge=1, le=24)
    dry_run: bool = False
    text: str = ""  # sha256 of the snapshot (`issue.md`) that models may be shown
    feedback: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")  # sha256 of `feedback.json`: a revision's remarks
    seen: str = ""  # `updated_at` of the issue or comment when the snapshot was taken
    base: str = ""  # branch
    base_sha: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")
    head: str = ""  # branch of the pull request
    head_sha: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")
    issued: str  # ISO 8601 UTC, GitHub's clock where it said one
    origin: str = Field(default="", max_length=64)  # a word on an earlier run: the first run of that task
    depth: int = Field(default=0, ge=0, le=10)  # dispatches this ticket has come through
    signature: str = Field(default="", max_length=200)

    @property
    def run(self) -> str:
        """The run's id: the same event gives the same run, however often it is delivered."""
        return f"gh-{self.pull or self.issue}-{digest(f'{self.repo} {self.event}')[:12]}"

    @property
    def task(self) -> str:
        """What branch, pull request and comments are known by: a run that goes on from another keeps its."""
        return self.origin or self.run

    def of_theme(self, theme: str) -> "Ticket":
        """What one theme of a night's hunt is shipped under: the same findings are the same run on every night. Made
        from a ticket that was checked, by whoever checked it; nobody signs it."""
        return self.but(event=f"{self.repo} hunt {theme}", issue=0, pull=0, text="", signature="")

    @property
    def payload(self) -> bytes:
        """What is signed: all but the depth, which every gate that a run is handed to counts on."""
        return digest_of(self.but(signature="", depth=0)).encode()


class Decision(Record):
    """What the gate made of an event. Denied, `code` says why not, and `say` what the asker is told ("": nothing), with
    a ticket that admits this answer only."""

    code: Denial | Literal["allowed"]
    ticket: Ticket | None = None
    say: str = ""
    why: str = ""  # for the log
    again: bool = False  # GitHub gave no answer, so the no is none for good: the job fails and can be run again
    notices: tuple[str, ...] = ()  # what was left out of the snapshot
    snapshot: str = ""  # the text models may be shown; its sha256 is in the ticket


class Handover(Record):
    """Where a dispatched run finds what an earlier one made: all of it checked before use."""

    run_id: int
    artifact_id: int
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")  # of the bundle's manifest.json


class Errand(Record):
    """The client_payload of a repository_dispatch: under 64 KB, ids and digests only."""

    ticket: Ticket
    handover: Handover | None = None
    where: Literal["box", "cloud"] = "box"  # cloud: hosted runners do the box's part, if the settings allow it
    run: str = Field(default="", max_length=64)  # the ticket's, for the name of the run that it starts: `run-name`
