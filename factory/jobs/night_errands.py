"""What the night takes up besides findings: open issues that a person labelled for it, each once.

The gate chooses and signs; the ship job sends what was signed. The label is put on by somebody who may label, and the
issue must be of somebody who could have started the work by himself: a stranger's issue never starts anything.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from factory.contracts.errors import HubProblem, Refusal
from factory.contracts.hub import Issue
from factory.contracts.record import Field, Record
from factory.contracts.ticket import Errand, Ticket
from factory.files import write_whole
from factory.forge.accounts import about
from factory.forge.denied import enough
from factory.forge.events import CLOCK, Asked
from factory.forge.gate import View, decide
from factory.forge.routing import box_event
from factory.forge.tickets import verify
from factory.handover.folder import read_one, record
from factory.hunt.wished import wished
from factory.jobs.send import payload_of
from factory.jobs.wire import Site

LABEL = "factory:night"
FILE = "errands.json"


class Errands(Record):
    tickets: tuple[Ticket, ...] = Field(default=(), max_length=20)


def choose(view: View, sign: Callable[[Ticket], Ticket], out: Path) -> None:
    """The first hunt.top_issues that may be taken up, as signed tickets. Raises HubProblem: then nothing is."""
    most, rows = view.settings.hunt.top_issues, view.rows()
    chosen: list[Ticket] = []
    for row in wished(view.issues.issues(LABEL, "open"), view.time()):
        number = row.issue.number
        if len(chosen) >= most or row.duplicate_of or about(rows, frozenset({number})):
            continue
        if _may(row.issue, view):
            asked = Asked(purpose="local", event=f"{view.repo} night issue {number}", sender=CLOCK, issue=number)
            made = decide(asked, replace(view, serves=None))
            if made.code == "allowed" and made.ticket:
                chosen.append(sign(made.ticket))
    write_whole(out / FILE, Errands(tickets=tuple(chosen)).to_json() + "\n")


def _may(issue: Issue, view: View) -> bool:
    """Its text counts as somebody's who may start work: the author has the role, or is who we write as ourselves."""
    author, github = issue.author, view.settings.github
    if author.kind != "User":
        return author.login == view.access.own_login() or author.login in github.bots
    try:
        standing = view.access.standing(author.login)
    except HubProblem:
        return False
    return standing.person.id == author.id and enough(standing.role, github.role)


def send(here: Site, folder: Path) -> list[str]:
    """Dispatch what the gate signed, each once; sentences for the summary. Raises Refusal, HubProblem."""
    raw = read_one(folder / FILE, 1 << 20)
    said = []
    for ticket in record(Errands, raw, FILE).tickets if raw else ():
        public = here.context.environment.get("FACTORY_GATE_PUBLIC", "")
        if not ticket.signature or not public:
            said.append(f"#{ticket.issue} is not sent to the box: tickets are not signed (factory init --keys).")
            continue
        verify(ticket, public, repo=here.context.repo)
        if ticket.purpose != "local" or ticket.base_sha != here.ticket.base_sha:
            raise Refusal("not_allowed", f"The ticket for #{ticket.issue} is not one of this night's.")
        key = f"{ticket.run}.{ticket.depth + 1}"
        effects = here.of_run(ticket.task)
        effects.dispatch(box_event(ticket.purpose), payload_of(Errand(ticket=ticket, run=key)), key)
        here.effects.may_name(ticket.issue)
        said.append(f"#{ticket.issue} was sent to the box.")
    return said
