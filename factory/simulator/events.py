"""An event from a file: a recorded webhook payload, one in a wrapper, or just an issue's title and body."""

import json
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json

SHAPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("repository_dispatch", ("client_payload",)),
    ("pull_request_review", ("review", "pull_request")),
    ("pull_request_review_comment", ("comment", "pull_request")),
    ("issue_comment", ("comment", "issue")),
    ("workflow_run", ("workflow_run",)),
    ("workflow_dispatch", ("inputs",)),
    ("schedule", ("schedule",)),
    ("pull_request", ("pull_request",)),
    ("issues", ("issue",)),
    ("push", ("after", "ref")),
)
"""Which keys tell an event; the first row whose keys are all there."""
KNOWN = tuple(name for name, _ in SHAPES)
MAX_EVENT = 25 * 1024 * 1024  # bytes, as GitHub's webhooks have at most
LABEL = "agent:swarm"


def read_event(path: Path, name: str = "") -> tuple[str, Json]:
    """(event name, payload). `name` overrides what the shape tells. Raises UsageProblem."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageProblem(f"The event {path} cannot be read: {error.strerror}.") from None
    if len(raw) > MAX_EVENT:
        raise UsageProblem(f"The event {path} has {len(raw):,} bytes: GitHub's events have at most {MAX_EVENT:,}.")
    try:
        payload = json.loads(raw)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(f"The event {path} is not JSON: {error}.") from None
    if not isinstance(payload, dict):
        raise UsageProblem(f"The event {path} is not a JSON object: give a webhook's payload.")
    if isinstance(payload.get("payload"), dict) and isinstance(payload.get("event"), str):
        name, payload = name or payload["event"], payload["payload"]
    if not name and "title" in payload:
        return "issues", issue_labelled(payload)
    return name or _shape(payload, path), payload


def issue_labelled(issue: Json) -> Json:
    """A bare issue as the event of its label (the first one, else agent:swarm)."""
    labels = [each if isinstance(each, str) else str(each.get("name")) for each in issue.get("labels") or [LABEL]]
    number = int(issue.get("number") or 1)
    whole = {"number": number, "title": str(issue["title"]), "body": str(issue.get("body") or ""), "labels": labels}
    return {"action": "labeled", "issue": whole, "label": {"name": labels[0]}}


def _shape(payload: Json, path: Path) -> str:
    for name, keys in SHAPES:
        if all(payload.get(key) is not None for key in keys):
            return name
    raise UsageProblem(f"What event {path} is cannot be seen: say --event, one of {', '.join(KNOWN)}.")
