"""A small GitHub in memory, for reading only, that counts what it is asked."""

from collections.abc import Iterator
from typing import Any

from factory.contracts.errors import HubMissing, HubProblem, HubUnreachable
from factory.contracts.hub import (
    ArtifactInfo,
    Comment,
    Issue,
    Person,
    PullInfo,
    Review,
    ReviewNote,
    Standing,
    WorkflowJob,
    WorkflowRun,
)
from factory.contracts.ticket import RoleName

REPO = "acme/shop"
NOW = "2026-11-20T12:05:00Z"
ASKED = "2026-11-20T12:00:00Z"
SHA, OTHER = "a" * 40, "b" * 40
ANN = Person(login="ann", id=11)  # may write
TIM = Person(login="tim", id=12)  # triage
RITA = Person(login="rita", id=13)  # may read
BOT = Person(login="renovate[bot]", id=14, kind="Bot")
SELF = Person(login="github-actions[bot]", id=15, kind="Bot")
ROLES: dict[str, tuple[Person, RoleName]] = {
    "ann": (ANN, "write"), "tim": (TIM, "triage"), "rita": (RITA, "read"),
    "max": (Person(login="max", id=16), "maintain"),
}  # fmt: skip


def issue(number: int = 7, **facts: Any) -> Issue:
    known: dict[str, Any] = {
        "number": number, "title": "Checkout fails", "body": "It raises a KeyError.", "author": RITA, "state": "open",
        "updated": ASKED,
    }  # fmt: skip
    return Issue.model_validate({**known, **facts})


def pull(number: int = 9, **facts: Any) -> PullInfo:
    known: dict[str, Any] = {
        "number": number, "title": "Fix the checkout", "body": "Made by the factory.", "author": SELF, "state": "open",
        "head": "factory/7-abc", "head_repo": REPO, "head_sha": OTHER, "base": "main", "base_sha": SHA,
    }  # fmt: skip
    return PullInfo.model_validate({**known, **facts})


def comment(number: int, author: Person, body: str, created: str = ASKED, updated: str = "") -> Comment:
    return Comment(id=number, author=author, body=body, created=created, updated=updated or created)


class Reading:
    """Implements Access, IssueReader, PullReader and RunReader on what it is given."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down: HubProblem | None = None  # what the permission API answers instead
        self.issue_now = issue()
        self.pull_now = pull()
        self.said: list[Comment] = []
        self.reviews_now: list[Review] = []
        self.notes: list[tuple[ReviewNote, Comment]] = []
        self.run_now: WorkflowRun | None = None
        self.artifact_now: ArtifactInfo | None = None
        self.pages = 0

    def standing(self, login: str) -> Standing:
        self.asked.append(f"standing {login}")
        if self.down:
            raise self.down
        if login not in ROLES:
            raise HubMissing("no such user", 404)
        person, role = ROLES[login]
        return Standing(person=person, role=role)

    def own_login(self) -> str:
        return SELF.login

    def server_time(self) -> str:
        return NOW if self.asked else ""

    def head(self, branch: str) -> str:
        self.asked.append(f"head {branch}")
        return SHA

    def default_branch(self) -> str:
        self.asked.append("repository")
        return "main"

    def issue(self, number: int) -> Issue:
        self.asked.append(f"issue {number}")
        if number != self.issue_now.number:
            raise HubMissing("no such issue", 404)
        return self.issue_now

    def comments(self, number: int, since: str = "") -> Iterator[Comment]:
        for at, each in enumerate(self.said):
            if at % 100 == 0:
                self.asked.append(f"comments {number}")
            yield each

    def issues(self, label: str = "", state: str = "open") -> Iterator[Issue]:
        yield self.issue_now

    def labels_of(self, number: int) -> tuple[str, ...]:
        return self.issue_now.labels

    def pull(self, number: int) -> PullInfo:
        self.asked.append(f"pull {number}")
        if number != self.pull_now.number:
            raise HubMissing("no such pull request", 404)
        return self.pull_now

    def pulls(self, head: str = "", state: str = "open") -> Iterator[PullInfo]:
        yield self.pull_now

    def pull_diff(self, number: int) -> str:
        raise HubUnreachable("not asked in these tests")

    def reviews(self, number: int) -> Iterator[Review]:
        self.asked.append(f"reviews {number}")
        yield from self.reviews_now

    def review_comments(self, number: int) -> Iterator[tuple[ReviewNote, Comment]]:
        self.asked.append(f"notes {number}")
        yield from self.notes

    def workflow_run(self, run: int) -> WorkflowRun:
        self.asked.append(f"run {run}")
        if self.run_now is None or self.run_now.id != run:
            raise HubMissing("no such run", 404)
        return self.run_now

    def workflow_runs(self, workflow: str, event: str = "", status: str = "", since: str = "") -> Iterator[WorkflowRun]:
        yield from [self.run_now] if self.run_now else []

    def jobs(self, run: int, every: bool = False) -> Iterator[WorkflowJob]:
        yield from ()

    def artifact(self, number: int) -> ArtifactInfo:
        self.asked.append(f"artifact {number}")
        if self.artifact_now is None or self.artifact_now.id != number:
            raise HubMissing("no such artifact", 404)
        return self.artifact_now

    def artifact_zip(self, number: int) -> bytes:
        raise HubUnreachable("not asked in these tests")


def user(person: Person) -> dict[str, Any]:
    return {"login": person.login, "id": person.id, "type": person.kind}


def labeled(sender: Person = ANN, label: str = "agent:swarm", at: str = ASKED, comments: int = 0,
            now: Issue | None = None) -> dict[str, Any]:  # fmt: skip
    """An issues.labeled payload."""
    now = now or issue()
    told = {"number": now.number, "title": now.title, "body": now.body, "updated_at": at, "comments": comments,
            "user": user(now.author)}  # fmt: skip
    return {"action": "labeled", "issue": told, "label": {"name": label}, "sender": user(sender),
            "repository": {"full_name": REPO, "default_branch": "main"}}  # fmt: skip


def commented(body: str, sender: Person = ANN, key: int = 501, on_pull: bool = False, action: str = "created",
              at: str = ASKED) -> dict[str, Any]:  # fmt: skip
    """An issue_comment payload."""
    now: Issue | PullInfo = pull() if on_pull else issue()
    told: dict[str, Any] = {"number": now.number, "title": now.title, "body": now.body, "comments": 1}
    if on_pull:
        told["pull_request"] = {"url": "…"}
    return {"action": action, "issue": told, "comment": {"id": key, "body": body, "created_at": at,
            "user": user(sender)}, "sender": user(sender), "repository": {"default_branch": "main"}}  # fmt: skip
