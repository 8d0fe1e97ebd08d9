"""What GitHub tells becomes what is asked: an event's name and payload -> `Asked`, or nothing.

Nothing is decided here and nothing is believed: `gate` asks GitHub again. What makes an event unique (`Asked.event`):

| event | key |
| --- | --- |
| a trigger label set | `OWNER/REPO#ISSUE label LABEL by SENDER at UPDATED_AT` |
| a comment with `/factory` | `OWNER/REPO#NUMBER comment COMMENT_ID` |
| a review of a pull request | `OWNER/REPO#PULL review REVIEW_ID` |
| an inline comment of a review | `OWNER/REPO#PULL note COMMENT_ID` |
| checks that failed on a pull request's head | `OWNER/REPO#PULL checks HEAD_SHA`, and which they were |
| a comment, a review … that waited | as above |
| a dispatch with a task or an issue's number, a call of the workflow, the clock | `OWNER/REPO run RUN_ID` |
| a dispatch by the factory itself | the key of the event that it goes on with |

The same key is the same run: delivered twice, re-run or handed over, it is never started anew.
"""

import re
from collections.abc import Mapping

from factory.contracts.hub import Person
from factory.contracts.record import Json, Record, ValidationError
from factory.contracts.ticket import Command, Errand, Purpose
from factory.forge.commands import NotUnderstood, misplaced, parse, purpose
from factory.forge.labels import TRIGGERS

FEEDBACK = "factory-feedback"  # repository_dispatch: look at this review; says where, nothing is taken from it
MAX_TASK = 60_000  # characters of a dispatched task
ENDED = ("check_suite", "check_run", "status", "workflow_run")  # runs of these take the default branch's file
_SHA = re.compile("[0-9a-f]{40}")
_RED = re.compile("([0-9a-f]{12})?")
CLOCK = Person(login="schedule", id=0)


class Asked(Record):
    """One event as it was told. Texts and names are untrusted; `gate` looks everything up again."""

    purpose: Purpose
    event: str
    sender: Person
    at: str = ""  # when it happened, "" = now
    issue: int = 0
    pull: int = 0
    command: Command | None = None
    misunderstood: str = ""  # it was for the factory and is no command: the answer
    comment: int = 0  # the comment's id
    review: int = 0  # ids of a review or of an inline comment that a dispatch points at
    note: int = 0
    word: int = 0  # id of a comment that waits in the books, which a dispatch points at
    text_was: str = ""  # sha256 of the snapshot that its first gate saw
    checks: str = ""  # the head commit on which checks failed, or which conflicts with its base
    told: tuple[str, str] | None = None  # title and body as the event had them
    text: str = ""  # the comment, or the dispatched task
    comments: int = -1  # how many the issue had; -1 = not told
    effort: int = 0
    max_units: int = 24
    dry_run: bool = False
    errand: Errand | None = None

    @property
    def depth(self) -> int:
        return self.errand.ticket.depth + 1 if self.errand else 0


def read(name: str, payload: Json, repo: str, run_id: int, inputs: Json | None = None) -> Asked | None:
    """What the event `name` asks for. `inputs` are those of workflow_dispatch or workflow_call."""
    action = str(payload.get("action", ""))
    if name == "issues" and action == "labeled":
        found = _label(payload, repo)
    elif name == "issue_comment" and action == "created":
        found = _comment(payload, repo)
    elif name == "repository_dispatch":
        found = _dispatch(payload, repo, action)
    elif name == "schedule":
        found = Asked(purpose="hunt", event=f"{repo} run {run_id}", sender=CLOCK)
    elif name in ("issues", "issue_comment"):
        return None
    else:
        return _inputs(payload, repo, run_id, inputs or {})
    return _wished(found, inputs or {})


def feedback(name: str, payload: Json) -> Json | None:
    """The client_payload of the dispatch that a review event leads to: the ids, and nothing that anybody wrote."""
    pull = _number(_table(payload, "pull_request"), "number")
    if name == "pull_request" and payload.get("action") == "closed":
        return {"pull": pull, "closed": True} if pull else None
    if name == "pull_request_review" and payload.get("action") == "submitted":
        return {"pull": pull, "review": _number(_table(payload, "review"), "id")} if pull else None
    if name == "pull_request_review_comment" and payload.get("action") == "created":
        return {"pull": pull, "note": _number(_table(payload, "comment"), "id")} if pull else None
    return None


def ended_on(name: str, payload: Json) -> str:
    """The commit of which a check, a status or a workflow run has ended; "" = the event tells of none."""
    found = payload if name == "status" else _table(payload, name)
    done = payload.get("state") != "pending" if name == "status" else payload.get("action") == "completed"
    commit = str(found.get("sha" if name == "status" else "head_sha") or "")
    return commit if name in ENDED and done and _SHA.fullmatch(commit) else ""


def _label(payload: Json, repo: str) -> Asked | None:
    issue, sender = _table(payload, "issue"), person(_table(payload, "sender"))
    label = str(_table(payload, "label").get("name", ""))
    if label not in TRIGGERS or sender is None or not _number(issue, "number"):
        return None
    at, number = str(issue.get("updated_at", "")), _number(issue, "number")
    return Asked(
        purpose=TRIGGERS[label], event=f"{repo}#{number} label {label} by {sender.login} at {at}", sender=sender,
        at=at, issue=number, told=_words(issue), comments=_number(issue, "comments"),
    )  # fmt: skip


def _comment(payload: Json, repo: str) -> Asked | None:
    issue, comment = _table(payload, "issue"), _table(payload, "comment")
    sender, body = person(_table(payload, "sender")), str(comment.get("body") or "")
    number, key = _number(issue, "number"), _number(comment, "id")
    command = parse(body)
    if command is None or sender is None or not number or not key:
        return None
    on_pull = bool(issue.get("pull_request"))
    asked = Asked(
        purpose="answer", event=f"{repo}#{number} comment {key}", sender=sender, at=str(comment.get("created_at", "")),
        issue=0 if on_pull else number, pull=number if on_pull else 0, comment=key, told=_words(issue), text=body,
        comments=_number(issue, "comments"),
    )  # fmt: skip
    return commanded(asked, command)


def commanded(asked: Asked, command: Command | NotUnderstood) -> Asked:
    """With what the command starts where it stands."""
    if isinstance(command, NotUnderstood):
        return asked.but(purpose="answer", misunderstood=command.reason)
    starts = purpose(command, "pull" if asked.pull else "issue")
    if starts is None:
        return asked.but(purpose="answer", misunderstood=misplaced(command.verb))
    return asked.but(purpose=starts, command=command)


def _dispatch(payload: Json, repo: str, action: str) -> Asked | None:
    told, sender = _table(payload, "client_payload"), person(_table(payload, "sender"))
    if action == FEEDBACK:
        return _feedback(told, sender, repo) if sender else None
    try:
        errand = Errand.model_validate(told)
    except ValidationError:
        return None
    ticket = errand.ticket
    return Asked(
        purpose=ticket.purpose, event=ticket.event, sender=Person(login=ticket.actor, id=ticket.actor_id),
        at=ticket.seen, issue=ticket.issue, pull=ticket.pull, command=ticket.command, errand=errand,
    )  # fmt: skip


def _feedback(told: Json, sender: Person, repo: str) -> Asked | None:
    pull, review, note, word = (_number(told, name) for name in ("pull", "review", "note", "comment"))
    checks = str(told.get("checks") or "")
    if word and not (review or note or checks):
        return _word(told, sender, repo, word)
    red = str(told.get("red") or "")
    if pull and not review and not note and _SHA.fullmatch(checks) and _RED.fullmatch(red):
        event = f"{repo}#{pull} checks {checks} {red}".rstrip()
        return Asked(purpose="revise", event=event, sender=sender, pull=pull, checks=checks)
    if not pull or checks or bool(review) == bool(note):
        return None
    key = f"review {review}" if review else f"note {note}"
    return Asked(purpose="revise", event=f"{repo}#{pull} {key}", sender=sender, pull=pull, review=review, note=note)


def _word(told: Json, sender: Person, repo: str, word: int) -> Asked | None:
    """A comment on an issue or a pull request."""
    pull, issue = _number(told, "pull"), _number(told, "issue")
    if bool(pull) == bool(issue):
        return None
    event = f"{repo}#{pull or issue} comment {word}"
    return Asked(purpose="answer", event=event, sender=sender, issue=issue, pull=pull, word=word)


def _inputs(payload: Json, repo: str, run_id: int, inputs: Json) -> Asked | None:
    """workflow_dispatch, and workflow_call under any other event: a pull request, an issue or a task's text."""
    sender, pull = person(_table(payload, "sender")), _whole(inputs.get("pull"))
    issue = 0 if pull else _whole(inputs.get("issue"))
    task = "" if pull or issue else str(inputs.get("task") or "").strip()[:MAX_TASK]
    wanted = str(inputs.get("purpose") or "swarm")
    allowed = ("revise", "review") if pull else ("swarm", "local", "demiurge")
    if sender is None or not (pull or issue or task) or wanted not in allowed:
        return None
    asked = Asked(purpose="swarm", event=f"{repo} run {run_id}", sender=sender, issue=issue, pull=pull, text=task)
    return _wished(asked.but(purpose=wanted), inputs)


def _wished(asked: Asked | None, inputs: Json) -> Asked | None:
    """With the run's limits that the inputs name; what is no number within its bounds counts as not given."""
    if asked is None or asked.errand:
        return asked
    effort, units = _whole(inputs.get("effort")), _whole(inputs.get("max_units"))
    return asked.but(
        effort=effort if effort <= 10 else 0,
        max_units=units if 1 <= units <= 24 else 24,
        dry_run=str(inputs.get("dry_run", "")).lower() == "true",
    )


def person(user: Json) -> Person | None:
    """Somebody as a payload names them. An unknown kind counts as a bot."""
    login, number, kind = user.get("login"), user.get("id"), user.get("type")
    if not isinstance(login, str) or not login or not isinstance(number, int):
        return None
    known = ("User", "Bot", "Organization", "Mannequin")
    return Person.model_validate({"login": login, "id": number, "kind": kind if kind in known else "Bot"})


def _words(issue: Json) -> tuple[str, str]:
    return str(issue.get("title") or ""), str(issue.get("body") or "")


def _table(values: Mapping[str, object], name: str) -> Json:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _number(values: Mapping[str, object], name: str) -> int:
    found = values.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def _whole(value: object) -> int:
    """Inputs arrive as text: digits, else 0."""
    text = str(value if value is not None else "").strip().removeprefix("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
