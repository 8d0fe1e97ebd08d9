"""Rows of the shared books: JSON lines on the orphan branch `factory-ledger`, where all machines see the same sums."""

from typing import Literal

from factory.contracts.record import Field, Record
from factory.contracts.ticket import Purpose


class Row(Record):
    """One line. A run is `open`ed with its reservation and `close`d with what it used; the first open is the lease."""

    id: str  # unique; a line that is there already is not written again
    kind: Literal["open", "close", "refused", "note", "beat"]  # beat: the box has ended a job
    run: str
    leg: int = 0  # the ticket's depth: a run that was dispatched on opens its next leg
    event: str  # the ticket's
    purpose: Purpose
    issue: int
    pull: int = 0
    actor: str
    at: str  # ISO 8601 UTC
    github_run: int = 0
    reserved: int = Field(default=0, ge=0)  # micro-dollars; on a note: what a person added to the issue's limit
    limited: bool = True  # open: `reserved` is a limit; False: the settings set none
    spent: int = Field(default=0, ge=0)  # micro-dollars
    state: Literal["", "done", "draft", "failed", "stopped", "parked", "plan"] = ""
    comment: int = 0  # the status comment
    pull_made: int = 0
    head: str = ""  # close: the commit that was delivered; on a note: one that is about to be pushed
    minutes: float | None = Field(default=None, ge=0, allow_inf_nan=False)  # close: of hosted runners; None = not known
    handover: str = ""  # JSON of a Handover: the run's last bundle, or what an open one was given
    origin: str = ""  # the first run of the task, when this one went on from another
    base_sha: str = ""  # the commit the run started from
    ticket: str = ""  # open: the signed ticket, JSON, so that the next rung can take the run up
    why: str = ""  # one sentence: the last decision's reason
