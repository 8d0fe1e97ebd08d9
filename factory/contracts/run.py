"""`Run`: everything known about one task. Facts and digests; blobs lie beside it."""

from factory.contracts.change import Change, Wave
from factory.contracts.errors import StopReason
from factory.contracts.evidence import Evidence
from factory.contracts.feedback import Remark
from factory.contracts.plan import Plan
from factory.contracts.record import Field, Record, digest
from factory.contracts.task import Event, PackRef, Task
from factory.contracts.ticket import Ticket
from factory.contracts.verdict import Round, Verdict

SCHEMA = 1


class Repo(Record):
    """The target, pinned to a commit."""

    path: str
    ref: str  # what the user named, or the checked-out branch
    commit: str
    tree: str


class Commit(Record):
    sha: str
    unit: str
    title: str


class Pull(Record):
    """A pull request on a forge."""

    number: int
    url: str
    draft: bool
    title: str
    branch: str
    base: str


class Merge(Record):
    """A revision that merges the base into its branch, by a commit with two parents: the first of its fixes."""

    base: str = Field(pattern=r"^[0-9a-f]{40}$")  # the other parent
    conflicts: tuple[str, ...] = ()  # files that git could not merge by itself


class Delivery(Record):
    branch: str
    commits: tuple[Commit, ...]
    rounds: int = 0  # how many rounds the run had when this was delivered
    pull: Pull | None = None


class Stop(Record):
    reason: StopReason
    message: str
    stage: str


class Output(Record):
    """Where the run's files are."""

    html: str = ""
    markdown: str = ""
    json_file: str = ""


class Run(Record):
    schema_version: int = SCHEMA
    id: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{0,63}$")  # also a folder's name
    created: str  # ISO 8601, UTC
    repo: Repo
    event: Event
    ticket: Ticket | None = None  # of a run that GitHub asked for: who asked, where it is delivered
    sandbox: str = "bubblewrap"
    settings: str = ""  # blob: the settings the run was started with
    seal: str = ""  # blob: the key that names secrets in what is sent (llm/redact.py); itself never sent
    config: str = ""  # the file they came from: `resume` reads it again, so that a raised limit counts
    task: Task | None = None
    pack: PackRef | None = None
    plan: Plan | None = None
    pending: tuple[Change, ...] = ()  # the wave in flight, not merged yet
    waves: tuple[Wave, ...] = ()
    tree: str = ""  # the candidate: after collect, then after each fix
    fixes: tuple[Change, ...] = ()
    fix_trees: tuple[str, ...] = ()
    merge: Merge | None = None
    evidence: Evidence | None = None
    rounds: tuple[Round, ...] = ()
    verdict: Verdict | None = None
    delivery: Delivery | None = None
    output: Output | None = None
    stopped: Stop | None = None
    resettled: dict[str, str] = {}  # pass of a stage -> blob of the settings it ran under after a resume changed them

    replaces: tuple[str, ...] = ()  # commits that the run before this one may have left on the branch

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What this revision answers, one by one; () = it is none, or an old one without."""
        said = self.event.feedback
        return said.remarks if said and said.pull else ()

    @property
    def origin(self) -> str:
        """The first run of the task: a run that goes on from another delivers where that one did."""
        return (self.ticket.origin if self.ticket else "") or self.id

    @property
    def key(self) -> str:
        """Eight hex digits that name this run's branch."""
        return digest(self.origin)[:8]
