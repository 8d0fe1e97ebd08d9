"""From GitHub's JSON to our records. What does not fit is no answer of GitHub's."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from factory.contracts.errors import HubUnreachable
from factory.contracts.hub import (
    ArtifactInfo,
    Comment,
    Issue,
    Person,
    PullInfo,
    Review,
    ReviewNote,
    WorkflowJob,
    WorkflowRun,
)
from factory.contracts.record import Json, ValidationError
from factory.contracts.ticket import ROLES, RoleName

T = TypeVar("T")
GHOST: Json = {"login": "ghost", "id": 10137, "type": "User"}  # GitHub's stand-in for a deleted account


def shaped(make: Callable[[Any], T], data: Any) -> T:
    """Raises HubUnreachable when the answer lacks what GitHub's description promises."""
    try:
        return make(data)
    except (AttributeError, KeyError, StopIteration, TypeError, ValidationError, ValueError) as error:
        raise HubUnreachable(f"GitHub's answer has not the form of its description ({type(error).__name__}).") from None


def person(data: Json | None) -> Person:
    data = data or GHOST
    kind = data.get("type", "User")
    known = kind in ("User", "Bot", "Organization", "Mannequin")  # an unknown kind is nobody who may start work
    return Person(login=data["login"], id=data["id"], kind=kind if known else "Mannequin")


def role(data: Json) -> RoleName:
    """`role_name`; a custom role, whatever it is called, counts as what `permission` says: admin, write, read, none."""
    name, level = data.get("role_name") or "", data["permission"]
    coarse = {"maintain": "write", "triage": "read"}.get(name, name)
    found = name if coarse == level else level
    return next(role for role in ROLES if role == found)


def comment(data: Json) -> Comment:
    return Comment(
        id=data["id"], author=person(data.get("user")), body=data.get("body") or "", created=data["created_at"],
        updated=data.get("updated_at") or data["created_at"], url=data.get("html_url") or "",
    )  # fmt: skip


def issue(data: Json) -> Issue:
    return Issue(
        number=data["number"], title=data["title"], body=data.get("body") or "", author=person(data.get("user")),
        state=state(data), labels=labels(data), updated=data.get("updated_at") or "", url=data.get("html_url") or "",
        created=data.get("created_at") or "", is_pull="pull_request" in data, comments=data.get("comments") or 0,
        reactions=(data.get("reactions") or {}).get("total_count") or 0,
    )  # fmt: skip


def pull(data: Json) -> PullInfo:
    head, base = data["head"], data["base"]
    return PullInfo(
        number=data["number"], title=data["title"], body=data.get("body") or "", author=person(data.get("user")),
        state=state(data), merged=bool(data.get("merged") or data.get("merged_at")), draft=bool(data.get("draft")),
        ended=data.get("closed_at") or "",
        head=head["ref"], head_repo=(head.get("repo") or {}).get("full_name", ""), head_sha=head["sha"],
        base=base["ref"], base_sha=base["sha"], labels=labels(data), url=data.get("html_url") or "",
        node_id=data.get("node_id") or "", conflicts=data.get("mergeable") is False,
    )  # fmt: skip


def state(data: Json) -> Literal["open", "closed"]:
    return "open" if data["state"] == "open" else "closed"


def labels(data: Json) -> tuple[str, ...]:
    found = data.get("labels") or ()
    return tuple(str(label["name"] if isinstance(label, dict) else label) for label in found)


def review(data: Json) -> Review:
    return Review(
        id=data["id"], author=person(data.get("user")), body=data.get("body") or "", state=data["state"],
        commit=data.get("commit_id") or "", submitted=data.get("submitted_at") or "",
    )  # fmt: skip


def review_comment(data: Json) -> tuple[ReviewNote, Comment]:
    line = data.get("line") or data.get("original_line") or 0
    start = data.get("start_line") or data.get("original_start_line") or 0
    return ReviewNote(path=data["path"], line=line, body=data.get("body") or "", start=start), comment(data)


def workflow_run(data: Json) -> WorkflowRun:
    return WorkflowRun(
        id=data["id"], attempt=data.get("run_attempt") or 1, name=data.get("display_title") or data.get("name") or "",
        path=(data.get("path") or "").partition("@")[0], event=data["event"], status=data.get("status") or "",
        conclusion=data.get("conclusion") or "", head_branch=data.get("head_branch") or "", head_sha=data["head_sha"],
        repo=(data.get("repository") or {}).get("full_name", ""), created=data.get("created_at") or "",
        url=data.get("html_url") or "",
    )  # fmt: skip


def job(data: Json) -> WorkflowJob:
    return WorkflowJob(
        id=data["id"], name=data["name"], status=data["status"], conclusion=data.get("conclusion") or "",
        labels=labels(data), runner=data.get("runner_name") or "", created=data.get("created_at") or "",
        started=data.get("started_at") or "", completed=data.get("completed_at") or "",
    )  # fmt: skip


def artifact(data: Json) -> ArtifactInfo:
    return ArtifactInfo(
        id=data["id"], name=data["name"], size=data["size_in_bytes"],
        run_id=(data.get("workflow_run") or {}).get("id", 0), expired=bool(data.get("expired")),
        digest=data.get("digest") or "",
    )  # fmt: skip
