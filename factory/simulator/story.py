"""What came of a simulation: which workflows ran, what they wrote, what they asked for, what it cost."""

from collections import Counter
from decimal import Decimal

from factory.contracts.books import Row
from factory.contracts.errors import GitProblem
from factory.contracts.record import Field, Json, Record, ValidationError
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Event, Repository
from factory.simulator.hub.state import Hub
from factory.simulator.runner.record import RunRecord

BOOKS = "factory-ledger"
MUTATING = ("POST", "PUT", "PATCH", "DELETE")


class Write(Record):
    """One thing that would be different on GitHub."""

    kind: str
    what: str
    by: str
    text: str = ""


class Forecast(Record):
    """A job that would start, as far as it can be known without running anything."""

    workflow: str
    job: str
    runs: str  # yes, no, or what it waits for
    machine: str
    permissions: dict[str, str]
    minutes: float


class Story(Record):
    repo: str
    event: str
    action: str
    actor: str
    role: str
    dry: bool = False
    runs: tuple[RunRecord, ...] = ()
    jobs: tuple[Forecast, ...] = ()
    writes: tuple[Write, ...] = ()
    requests: dict[str, int] = {}  # by workflow run's login and method
    refused: tuple[str, ...] = ()  # requests that were refused for lack of a permission
    violations: tuple[str, ...] = ()  # requests that GitHub's description does not allow
    waiting: tuple[str, ...] = ()  # jobs that no machine took
    hosted_minutes: int = 0  # billed ones
    spent_microdollars: int = 0
    reserved_microdollars: int = 0
    most_usd: Decimal | None = None  # that models may cost in one run, by the settings
    may: dict[str, str] = Field(default={}, description="who may: command -> lowest role")
    folder: str = ""

    @property
    def well(self) -> bool:
        bad = ("failure", "startup_failure", "cancelled", "timed_out")
        return not self.violations and not any(run.conclusion in bad for run in self.runs)


def written(hub: Hub, repo: Repository, events: list[Event]) -> tuple[Write, ...]:
    """From the events that followed the first one, in order; repeated edits of one thing are counted."""
    found: Counter[Write] = Counter()
    for event in events:
        if write := _write(event):
            found[write] += 1
    found.update(_silent(hub, repo))
    return tuple(one.but(kind=f"{one.kind} x{many}") if many > 1 else one for one, many in found.items())


def _write(event: Event) -> Write | None:
    payload, by = event.payload, event.actor
    if event.name == "push":
        return Write(kind="branch pushed", what=str(payload.get("ref", "")), by=by)
    if event.name == "issue_comment":
        what = f"#{payload['issue']['number']}"
        return Write(kind=f"comment {event.action}", what=what, by=by, text=_first(payload["comment"]["body"]))
    if event.name in ("issues", "pull_request"):
        view: Json = payload["issue" if event.name == "issues" else "pull_request"]
        kind = "issue" if event.name == "issues" else "draft pull request" if view.get("draft") else "pull request"
        label = (payload.get("label") or {}).get("name", "")
        return Write(kind=f"{kind} {event.action}", what=f"#{view['number']}", by=by, text=label or str(view["title"]))
    if event.name in ("repository_dispatch", "workflow_dispatch"):
        return Write(kind="dispatch", what=event.action or str(payload.get("workflow", "")), by=by)
    if event.name in ("pull_request_review", "pull_request_review_comment", "label"):
        what = f"#{payload['pull_request']['number']}" if "pull_request" in payload else payload["label"]["name"]
        return Write(kind=f"{event.name.replace('_', ' ')} {event.action}", what=what, by=by)
    return None


def _silent(hub: Hub, repo: Repository) -> list[Write]:
    """What GitHub sends no webhook for."""
    found = []
    for issue in repo.issues.values():
        given = [*issue.reactions, *(each for comment in issue.comments for each in comment.reactions)]
        found += [Write(kind="reaction", what=f"#{issue.number}", by=one.author, text=one.content) for one in given]
    return found


def _first(text: str) -> str:
    lines = [line.lstrip("> ").strip() for line in text.splitlines() if not line.startswith("<!--")]
    return next((line[:120] for line in lines if line and not line.startswith("[!")), "")


def requests(hub: Hub, start: int) -> dict[str, int]:
    """How often the API was asked, by kind."""
    kinds = Counter("writes" if method in MUTATING else "reads" for method, *_ in hub.requests[start:])
    return dict(kinds)


def books(repo: Repository) -> tuple[int, int]:
    """(micro-dollars spent, reserved and not yet settled) by the branch factory-ledger."""
    head = bare.branch(repo.folder, BOOKS)
    if not head:
        return 0, 0
    rows: list[Row] = []
    for name in bare.text(repo.folder, "ls-tree", "--name-only", head).splitlines():
        try:
            lines = bare.git(repo.folder, "show", f"{head}:{name}").splitlines() if name.endswith(".jsonl") else []
        except GitProblem:
            continue
        rows += [row for line in lines if (row := _row(line))]
    closed = {(row.run, row.leg) for row in rows if row.kind == "close"}
    spent = sum(row.spent for row in rows if row.kind == "close")
    held = sum(row.reserved for row in rows if row.kind == "open" and (row.run, row.leg) not in closed)
    return spent, held


def _row(line: bytes) -> Row | None:
    try:
        return Row.from_json(line)
    except ValidationError:
        return None
