"""GitHub as the factory sees it: records of what is there, and seams of at most five methods for who may do what.

Everything in these records is untrusted text except numbers, SHAs and logins. Writers are given to ship jobs only.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol

from factory.contracts.record import Json, Record
from factory.contracts.ticket import RoleName

MAX_BUNDLE = 64 * 1024 * 1024  # bytes of one artifact's zip
MAX_TEXT = 65_536  # characters of an issue's, comment's, review's or pull request's body


class Person(Record):
    login: str
    id: int
    kind: Literal["User", "Bot", "Organization", "Mannequin"] = "User"


class Standing(Record):
    """What somebody may do in a repository: `role` is GitHub's role_name, custom roles mapped to the nearest below."""

    person: Person
    role: RoleName


class Comment(Record):
    id: int
    author: Person
    body: str
    created: str
    updated: str
    url: str = ""


class Issue(Record):
    number: int
    title: str
    body: str
    author: Person
    state: Literal["open", "closed"]
    labels: tuple[str, ...] = ()
    created: str = ""
    updated: str = ""
    url: str = ""
    is_pull: bool = False
    comments: int = 0
    reactions: int = 0


class PullInfo(Record):
    number: int
    title: str
    body: str
    author: Person
    state: Literal["open", "closed"]
    merged: bool = False
    ended: str = ""  # when it was closed or merged
    draft: bool = False
    head: str  # branch
    head_repo: str  # owner/name, "" when the fork is gone
    head_sha: str
    base: str
    base_sha: str
    labels: tuple[str, ...] = ()
    conflicts: bool = False  # with its base, as far as GitHub has worked it out
    url: str = ""
    node_id: str = ""


class ReviewNote(Record):
    """One inline comment: lines of the new side, 1-based; `start` 0 = one line."""

    path: str
    line: int
    body: str
    start: int = 0


class Review(Record):
    id: int
    author: Person
    body: str
    state: str  # APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING
    commit: str
    submitted: str = ""


class Annotation(Record):
    path: str
    start: int
    end: int
    level: Literal["notice", "warning", "failure"]
    title: str
    message: str


class WorkflowRun(Record):
    id: int
    attempt: int
    name: str  # display title
    path: str  # .github/workflows/x.yml
    event: str
    status: str
    conclusion: str = ""
    head_branch: str = ""
    head_sha: str = ""
    repo: str = ""  # owner/name that the run belongs to
    created: str = ""
    url: str = ""


class WorkflowJob(Record):
    id: int
    name: str
    status: str  # queued, in_progress, completed
    conclusion: str = ""
    labels: tuple[str, ...] = ()
    runner: str = ""
    created: str = ""
    started: str = ""
    completed: str = ""


class ArtifactInfo(Record):
    id: int
    name: str
    size: int
    run_id: int
    expired: bool = False
    digest: str = ""  # "sha256:…" of the zip, where GitHub gives it


class Access(Protocol):
    """For the gate."""

    def standing(self, login: str) -> Standing:
        """Raises HubProblem when it cannot be known: the caller denies."""
        ...

    def own_login(self) -> str:
        """Under which name this token writes."""
        ...

    def server_time(self) -> str:
        """ISO 8601 UTC from the last answer's Date header; "" before the first."""
        ...

    def head(self, branch: str) -> str:
        """The branch's commit, or ""."""
        ...

    def default_branch(self) -> str: ...


class IssueReader(Protocol):
    def issue(self, number: int) -> Issue:
        """Raises HubMissing."""
        ...

    def comments(self, number: int, since: str = "") -> Iterator[Comment]:
        """All of them, oldest first, page by page."""
        ...

    def issues(self, label: str = "", state: str = "open") -> Iterator[Issue]: ...

    def labels_of(self, number: int) -> tuple[str, ...]: ...

    def one_comment(self, comment: int) -> Comment:
        """Raises HubMissing."""
        ...


class IssueWriter(Protocol):
    def create_issue(self, title: str, body: str, labels: tuple[str, ...] = ()) -> Issue: ...

    def edit_issue(self, number: int, body: str = "", state: str = "") -> None:
        """Only what is given changes."""
        ...

    def comment(self, number: int, body: str) -> Comment: ...

    def edit_comment(self, comment: int, body: str) -> Comment: ...


class Labeller(Protocol):
    def add_labels(self, number: int, *names: str) -> None: ...

    def remove_label(self, number: int, name: str) -> None:
        """Not there: nothing happens."""
        ...

    def ensure_label(self, name: str, color: str, description: str) -> None: ...

    def react(self, content: str, issue: int = 0, comment: int = 0, review_comment: int = 0) -> None:
        """Idempotent on GitHub's side: the same reaction again is answered with the one there is."""
        ...


class PullReader(Protocol):
    def pull(self, number: int) -> PullInfo: ...

    def pulls(self, head: str = "", state: str = "open") -> Iterator[PullInfo]:
        """`head`: a branch of this repository."""
        ...

    def pull_diff(self, number: int) -> str:
        """Unified diff; capped by GitHub at 20,000 lines."""
        ...

    def reviews(self, number: int) -> Iterator[Review]: ...

    def review_comments(self, number: int) -> Iterator[tuple[ReviewNote, Comment]]: ...


class PullWriter(Protocol):
    def open_pull(self, title: str, body: str, head: str, base: str, draft: bool) -> PullInfo: ...

    def edit_pull(self, number: int, title: str = "", body: str = "") -> PullInfo: ...

    def set_draft(self, pull: PullInfo, draft: bool) -> None:
        """GraphQL: REST cannot."""
        ...

    def review(self, number: int, commit: str, body: str, notes: tuple[ReviewNote, ...]) -> Review:
        """event COMMENT, always: a bot approves nothing."""
        ...

    def reply(self, number: int, comment: int, body: str) -> None: ...


class CheckWriter(Protocol):
    def check_run(self, name: str, commit: str, key: str, conclusion: str, title: str, summary: str,
                  notes: tuple[Annotation, ...] = ()) -> int:  # fmt: skip
        """Create or update the check run with external_id `key` on the commit; annotations in batches of 50."""
        ...

    def find_check(self, name: str, commit: str, key: str) -> int:
        """The id of the check run with this external_id, or 0."""
        ...


class ScanWriter(Protocol):
    """For the job that may write security events."""

    def upload_sarif(self, commit: str, ref: str, log: str) -> str:
        """The upload's id; `ref` in full. At most 10 MB gzipped."""
        ...


class RunReader(Protocol):
    def workflow_run(self, run: int) -> WorkflowRun: ...

    def workflow_runs(self, workflow: str, event: str = "", status: str = "", since: str = "") -> Iterator[WorkflowRun]:
        """`workflow`: a file name, or "" for all."""
        ...

    def jobs(self, run: int, every: bool = False) -> Iterator[WorkflowJob]:
        """Of its latest attempt, or of every one."""
        ...

    def artifact(self, number: int) -> ArtifactInfo: ...

    def artifact_zip(self, number: int) -> bytes:
        """At most MAX_BUNDLE bytes, else Refusal('too_big')."""
        ...


class Dispatcher(Protocol):
    def dispatch(self, event_type: str, payload: Json) -> None:
        """repository_dispatch."""
        ...

    def start_workflow(self, file: str, ref: str, inputs: Mapping[str, str]) -> None: ...

    def cancel(self, run: int) -> None: ...

    def rerun(self, run: int, *, failed: bool = False) -> None:
        """All jobs of a run that has ended, or the failed ones and those that needed them."""
        ...

    def assign(self, issue: int, logins: tuple[str, ...]) -> None: ...


class Owner(Protocol):
    """For `doctor`: settings that can be read; None where the token may not."""

    def get(self, path: str) -> Any: ...


class Ship(
    Access, IssueReader, IssueWriter, Labeller, PullReader, PullWriter, CheckWriter, RunReader, Dispatcher, ScanWriter,
    Protocol,
):  # fmt: skip
    """All of it: for ship jobs only."""
