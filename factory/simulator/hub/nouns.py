"""What the GitHub double keeps: people, tokens, repositories, issues, pull requests and what hangs on them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["User", "Bot", "Organization"]
TokenKind = Literal["actions", "app", "pat", "jwt"]
Level = Literal["read", "write", "admin"]
RANK = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}


@dataclass
class User:
    login: str
    id: int
    kind: Kind = "User"

    @property
    def node_id(self) -> str:
        return f"U_{self.id}"


@dataclass
class Token:
    """A credential. `permissions`: GitHub's names with underscores; a pat without any has all that its owner's role
    allows. `repo` "" = every repository (pats)."""

    value: str
    login: str
    repo: str
    kind: TokenKind
    permissions: dict[str, Level] = field(default_factory=dict)
    expires: float = 0  # epoch seconds; 0 = never
    app: int = 0
    used: int = 0  # requests made with it
    job: str = ""  # for whom it was made, in words: what `hub.calls` counts by

    def grants(self, name: str, level: str) -> bool:
        """What the token itself holds; `hub.may` also looks at the person's role."""
        if self.kind == "pat" and not self.permissions:
            return True
        if name == "metadata" and level == "read":
            return True
        held = self.permissions.get(name.replace("-", "_"), "")
        return held in ("write", "admin") if level in ("write", "admin") else bool(held)


@dataclass
class App:
    id: int
    slug: str
    key: tuple[int, int] | None = None  # RSA modulus and exponent; None: any well-formed JWT passes
    permissions: dict[str, Level] = field(default_factory=dict)
    installations: dict[int, str] = field(default_factory=dict)  # installation id -> repository


@dataclass
class Reaction:
    id: int
    author: str
    content: str
    created: str


@dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass
class Comment:
    id: int
    author: str
    body: str
    created: str
    updated: str
    issue: int
    reactions: list[Reaction] = field(default_factory=list)


@dataclass
class Review:
    id: int
    author: str
    body: str
    state: str  # APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING
    commit: str
    submitted: str


@dataclass
class ReviewComment(Comment):
    review: int = 0
    path: str = ""
    commit: str = ""
    original_commit: str = ""
    line: int = 0  # 0: outdated
    start: int = 0
    side: str = "RIGHT"
    start_side: str = ""
    hunk: str = ""
    position: int = 0
    reply_to: int = 0
    original_line: int = 0  # where it stood before the branch moved; 0 = it has not moved
    original_start: int = 0
    resolved_by: str = ""  # of a thread's first comment


@dataclass
class Pull:
    """The half of an issue that makes it a pull request."""

    head: str
    head_repo: str
    head_sha: str
    base: str
    base_sha: str
    draft: bool = False
    merged: str = ""  # when
    merged_by: str = ""
    merge_commit: str = ""
    reviewers: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    notes: list[ReviewComment] = field(default_factory=list)


@dataclass
class Issue:
    number: int
    id: int
    title: str
    body: str
    author: str
    created: str
    updated: str
    state: Literal["open", "closed"] = "open"
    reason: str = ""
    closed: str = ""
    closed_by: str = ""
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pull: Pull | None = None

    @property
    def node_id(self) -> str:
        return f"PR_{self.id}" if self.pull else f"I_{self.id}"


@dataclass
class Repository:
    """One repository. `folder` is its bare git repository; `extras` is for other modules' tables."""

    owner: str
    name: str
    id: int
    folder: Path
    created: str
    default_branch: str = "main"
    private: bool = True
    roles: dict[str, str] = field(default_factory=dict)  # login -> role name, also a custom one
    custom_roles: dict[str, str] = field(default_factory=dict)  # custom role -> the built-in one it extends
    protected: set[str] = field(default_factory=set)  # branches that refuse direct pushes and deletions
    actions_may_open_pulls: bool = True
    labels: dict[str, Label] = field(default_factory=dict)  # by lower-case name
    issues: dict[int, Issue] = field(default_factory=dict)
    last_number: int = 0
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass
class Event:
    """One webhook as it would be delivered. `starts`: what the workflow runner does with it: "yes", "no" (made with
    an Actions token) or "parked" (a run is created and waits as `action_required`)."""

    name: str  # issues, pull_request, push …
    action: str
    repo: str
    actor: str
    payload: dict[str, Any]
    starts: Literal["yes", "no", "parked"] = "yes"
    ref: str = ""  # what GITHUB_REF is for runs of it, "" = default branch
    sha: str = ""  # GITHUB_SHA, "" = the default branch's head
    at: str = ""
    delivery: str = ""
