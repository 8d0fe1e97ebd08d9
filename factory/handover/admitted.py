"""An admitted event becomes a run: the same ticket gives the same run on every machine."""

from pathlib import Path

from factory.contracts.errors import Refusal, UsageProblem
from factory.contracts.feedback import FILE, Feedback
from factory.contracts.record import digest
from factory.contracts.run import Repo, Run
from factory.contracts.task import Event
from factory.contracts.ticket import Ticket
from factory.handover.folder import read_one, record
from factory.target import resolve

MAX_TICKET = 64 * 1024
MAX_FEEDBACK = 1024 * 1024
REVISIONS = ("revise",)


def read_ticket(path: Path) -> Ticket:
    """Raises UsageProblem when there is none, Refusal('bundle_damaged') for a file that is none."""
    data = read_one(path, MAX_TICKET)
    if data is None:
        raise UsageProblem(f"{path} does not exist: the gate writes it (`factory job gate`).")
    return record(Ticket, data, path.name)


def event_of(ticket: Ticket, snapshot: bytes, feedback: bytes = b"") -> Event:
    """What the models will read is what the gate let through. Raises Refusal('stale_input')."""
    said, text = said_of(ticket, feedback), text_of(ticket, snapshot)
    number = ticket.pull if ticket.purpose in REVISIONS else ticket.issue
    where = f"{ticket.repo}#{number}" if number else ticket.repo
    revised = {"pull": ticket.pull, "branch": ticket.head} if ticket.purpose in REVISIONS else {}
    return Event.model_validate({
        "kind": "issue", "source": where, "text": text,
        "number": str(ticket.issue or ticket.pull or ""), "feedback": said, **revised,
    })  # fmt: skip


def text_of(ticket: Ticket, snapshot: bytes) -> str:
    """Title, text and comments as the gate showed them. Raises Refusal('stale_input')."""
    if digest(snapshot) != ticket.text:
        raise Refusal("stale_input", "The issue's text is not the one that was admitted: label it again.")
    return snapshot.decode(errors="replace")


def said_of(ticket: Ticket, feedback: bytes) -> Feedback | None:
    """What people said, as the gate that sent it to work heard it. Raises Refusal('stale_input')."""
    if not ticket.feedback:
        return None
    if digest(feedback) != ticket.feedback:
        raise Refusal("stale_input", "What people said is not what was admitted: ask again.")
    return record(Feedback, feedback, FILE)


def run_of(ticket: Ticket, snapshot: bytes, repo: Path, settings: str, sandbox: str, feedback: bytes = b"") -> Run:
    """The run of this ticket, pinned to its commit. `settings`: the blob's key. Raises Refusal, UsageProblem."""
    event = event_of(ticket, snapshot, feedback)
    commit = pinned(ticket)
    if not commit:
        raise UsageProblem("The ticket pins no commit: let the gate make a new one.")
    if ticket.purpose in REVISIONS and not ticket.head:
        raise UsageProblem("The ticket names no branch to revise: let the gate make a new one.")
    _, found, tree = resolve(repo, commit)
    return Run(
        id=ticket.run, created=ticket.issued, event=event, ticket=ticket, sandbox=sandbox, settings=settings,
        repo=Repo(path=str(repo.resolve()), ref=ticket.base or commit, commit=found, tree=tree),
    )  # fmt: skip


def pinned(ticket: Ticket) -> str:
    """The commit to start from: the head of the pull request that is revised, else the branch's."""
    return ticket.head_sha if ticket.purpose in REVISIONS else ticket.base_sha
