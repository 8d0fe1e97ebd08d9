"""The gate: may this event start anything? Every claim of the event is asked of GitHub again; what is not known is no.

`decide` gives a ticket or says why not; `recheck` is asked again before effects. What a stranger does is answered by
nothing at all: no comment, no reaction.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from factory.contracts.books import Row
from factory.contracts.errors import HubMissing, HubProblem, Refusal
from factory.contracts.hub import Access, Comment, IssueReader, Person, PullInfo, PullReader, RunReader, Standing
from factory.contracts.record import digest
from factory.contracts.tables import GithubSettings
from factory.contracts.ticket import STEERING, Decision, Denial, Purpose, Ticket
from factory.forge import accounts, quarantine
from factory.forge.denied import Denied, authorised, enough
from factory.forge.events import Asked
from factory.forge.feedback import as_comments, base_of, revisable, with_feedback
from factory.forge.postponed import waited
from factory.forge.provenance import check_errand
from factory.forge.rounds import worn_out
from factory.forge.shown import MARK, Doorman, Shown, moment, snapshot
from factory.forge.tickets import verify
from factory.settings import Settings

MAX_DEPTH = 3  # dispatches one event may come through: swarm, box, and the cloud when the box is gone
MAX_AGE = timedelta(hours=24)  # of an event; Actions may be hours late
MAX_ERRAND = timedelta(hours=72)  # of a ticket that is handed on: a swarm, a day of waiting for the box, and the cloud
FRESH = timedelta(minutes=2)  # a ticket this young is not checked again


@dataclass(frozen=True)
class View:
    """What the gate sees: GitHub through a read token, the settings of the default branch, the books."""

    repo: str
    run_id: int
    access: Access
    issues: IssueReader
    pulls: PullReader
    runs: RunReader
    settings: Settings
    now: Callable[[], str]  # this machine's clock, until GitHub has said its own
    rows: Callable[[], tuple[Row, ...]] = tuple
    serves: frozenset[Purpose] | None = None  # None: all; errands are chosen by their event type
    base: str = ""  # the default branch
    base_sha: str = ""  # and its head
    public: str = ""  # what checks tickets from other workflow runs

    def time(self) -> str:
        return self.access.server_time() or self.now()


@dataclass(frozen=True)
class Subject:
    """The issue or pull request as GitHub has it now, or a dispatched task."""

    title: str
    body: str
    open: bool = True
    pull: PullInfo | None = None


def decide(asked: Asked | None, view: View) -> Decision:
    """Raises HubProblem when GitHub cannot be asked about anything but a permission (that is a no with `again`)."""
    try:
        if asked is None or not _served(asked, view):
            raise Denied("not_for_us")
        if asked.errand:
            verify(asked.errand.ticket, view.public, repo=view.repo)
        _not_ours(asked, view)
        asked = with_feedback(asked, view.issues, view.pulls, view.rows, _doorman(view, ()))
        _not_ours(asked, view)
        if not _served(asked, view):
            raise Denied("not_for_us")
        standing = authorised(
            asked.sender, asked.command.verb if asked.command else None, view.access, view.settings.github
        )
    except Denied as no:
        return Decision(code=no.code, why=str(no), again=no.unanswered is not None)
    except Refusal as no:
        return Decision(code=_denial(no), why=str(no))
    return _decided(asked, standing, view)


def _served(asked: Asked, view: View) -> bool:
    return view.serves is None or asked.errand is not None or asked.purpose in view.serves


def _not_ours(asked: Asked, view: View) -> None:
    """The factory never answers itself, whatever a model made it write."""
    said = asked.comment or ((asked.review or asked.note) and asked.text)
    if said and (MARK in asked.text or asked.sender.login == view.access.own_login()):
        raise Denied("denied:own_comment")


def _decided(asked: Asked, standing: Standing, view: View) -> Decision:
    """From here on the asker may command, so a denial says why: with a ticket that admits the answer only."""
    subject = None
    try:
        if asked.misunderstood:
            raise Denied("denied:not_understood", asked.misunderstood)
        _timely(asked, view)
        if asked.errand:
            check_errand(asked.errand, view.repo, view.base, view.runs)
        subject = _subject(asked, view)
        _unchanged(asked, subject)
        ticket = _ticket(asked, standing, subject, view)
        _not_again(ticket, view)
        shown = _shown(asked, ticket, subject, view)
    except Denied as no:
        ticket = _ticket(asked, standing, subject, view)
        ticket = ticket if asked.errand else ticket.but(purpose="answer", command=None)  # the first gate's word stays
        said = no.say or no.code == "rate_limited"  # which waits, also when it was said before
        return Decision(code=no.code, ticket=ticket if said else None, say=no.say, why=str(no))
    except Refusal as no:
        return Decision(code=_denial(no), why=str(no))
    if shown is None:
        return Decision(code="allowed", ticket=ticket)
    if (ticket.text or asked.text_was) not in ("", shown.digest):
        return Decision(code="stale_input", why="Title, text or comments are not what the first gate saw.")
    return Decision(code="allowed", ticket=ticket.but(text=shown.digest), snapshot=shown.text, notices=shown.said)


def _denial(refusal: Refusal) -> Denial:
    return "untrusted_artifact" if refusal.code == "untrusted_artifact" else "bad_signature"


def _timely(asked: Asked, view: View) -> None:
    if asked.depth > MAX_DEPTH:
        raise Denied("depth", f"This was handed on {asked.depth} times, which is once too often: a person must look.")
    at = asked.errand.ticket.issued if asked.errand else asked.at
    if not at:
        return
    try:
        age = moment(view.time()) - moment(at)
    except ValueError:
        raise Denied("stale_input", why=f"{at!r} is no time.") from None
    most = MAX_ERRAND if asked.errand or (age > MAX_AGE and waited(view.rows(), asked.event)) else MAX_AGE
    if age > most:
        raise Denied("stale_input", f"This was asked more than {most // timedelta(hours=1)} hours ago: ask again.")


def _subject(asked: Asked, view: View) -> Subject:
    """Fetched again. Raises Denied when it is closed or gone; questions may be asked about closed ones."""
    number = asked.pull or asked.issue
    if not number:
        first, _, rest = asked.text.partition("\n")
        return Subject(first[:200], asked.text if len(first) > 200 else rest)
    try:
        found = _fetched(asked, view)
    except HubMissing:
        raise Denied("closed", why=f"#{number} is not there.") from None
    if not found.open and asked.purpose != "answer":
        raise Denied("closed", f"#{number} is closed: reopen it and ask again.")
    if found.pull and asked.purpose == "revise":
        revisable(asked, found.pull, view.repo)
    return found


def _fetched(asked: Asked, view: View) -> Subject:
    if asked.pull:
        pull = view.pulls.pull(asked.pull)
        return Subject(pull.title, pull.body, pull.state == "open", pull)
    issue = view.issues.issue(asked.issue)
    if issue.is_pull:
        raise Denied("not_for_us", f"#{issue.number} is a pull request: name an issue.")
    return Subject(issue.title, issue.body, issue.state == "open")


def _unchanged(asked: Asked, subject: Subject) -> None:
    """What the asker saw is what is there, also when it was handed on."""
    told = asked.told
    if told is not None and asked.purpose != "answer" and _hash(*told) != _hash(subject.title, subject.body):
        raise Denied("stale_input", "Title or text was edited after this was asked: read it again and ask again.")
    if asked.errand and subject.pull and subject.pull.head_sha != asked.errand.ticket.head_sha:
        raise Denied("stale_input", why="The pull request's branch has moved since the first gate.")


def _hash(title: str, body: str) -> str:
    return digest(f"{title}\0{body}".replace("\r\n", "\n"))


def _ticket(asked: Asked, standing: Standing, subject: Subject | None, view: View) -> Ticket:
    """What a first gate signed stays as it is: only its depth counts on."""
    if asked.errand:
        return asked.errand.ticket.but(depth=min(asked.depth, 10))
    pull, before = subject.pull if subject else None, _before(asked, view)
    sha = base_of(pull, view.access, view.base, view.base_sha) if pull else before.base_sha if before else view.base_sha
    return Ticket(
        repo=view.repo, purpose=asked.purpose, event=asked.event, actor=asked.sender.login,
        actor_id=asked.sender.id, role=standing.role, issue=asked.issue, pull=asked.pull, command=asked.command,
        effort=asked.effort, max_units=asked.max_units, dry_run=asked.dry_run or _plans_only(asked),
        seen=asked.at or view.time(), base=pull.base if pull else view.base, base_sha=sha,
        origin=(before.origin or before.run) if before else "",
        head=pull.head if pull else "", head_sha=pull.head_sha if pull else "", issued=view.time(),
    )  # fmt: skip


def _plans_only(asked: Asked) -> bool:
    return asked.command is not None and asked.command.verb == "plan"


def _before(asked: Asked, view: View) -> Row | None:
    """The run that a word goes on from, with the commit it started from; None = a new start."""
    if asked.pull or asked.command is None or asked.command.verb not in STEERING:
        return None
    return accounts.going_on(view.rows(), asked.issue, asked.command.verb)


def _not_again(ticket: Ticket, view: View) -> None:
    """An early look at the books; the lease decides. The same workflow run may go on with what it began."""
    if ticket.purpose == "answer":
        return
    rows = view.rows()
    before = accounts.leg_of(rows, ticket.run, ticket.depth)
    if before and before.open.github_run != view.run_id:
        raise Denied("duplicate", why=f"Workflow run {before.open.github_run} has this event already.")
    if not before and quarantine.refuses(rows, ticket, view.settings):
        raise Denied("quarantined", why=quarantine.HELD)
    tired = "" if before else worn_out(rows, ticket, view.settings.github)
    if tired:
        raise Denied("depth", tired)
    limited = None if before else accounts.too_many(rows, ticket, view.run_id, view.settings, view.time())
    if limited:
        raise Denied("rate_limited", limited.why if limited.row else "", limited.why)


def _shown(asked: Asked, ticket: Ticket, subject: Subject, view: View) -> Shown | None:
    """What models may be shown. None: no model is asked, or a bundle of this very run that is handed over has it."""
    word = asked.depth == 1 and ticket.command and ticket.command.verb in STEERING  # its bundle is of the run before
    if ticket.purpose in ("answer", "hunt") or (asked.errand and asked.errand.handover and not word):
        return None
    return snapshot(subject.title, subject.body, _comments(asked, ticket, view), ticket.seen,
                    _doorman(view, (ticket.actor,)))  # fmt: skip


def _doorman(view: View, known: tuple[str, ...]) -> Doorman:
    return doorman(known, view.access, view.settings.github)


def doorman(known: tuple[str, ...], access: Access, github: GithubSettings) -> Doorman:
    """Whose words count: people who may start work, and the bots that the owner names."""
    return Doorman(known, github.bots, lambda login: _writes(login, access, github))


def _writes(login: str, access: Access, github: GithubSettings) -> bool:
    try:
        return enough(access.standing(login).role, github.role)
    except HubProblem:
        return False


def _comments(asked: Asked, ticket: Ticket, view: View) -> Iterator[Comment]:
    """Read only as far as they are shown, and not at all where the event says that there are none."""
    number = asked.pull or asked.issue
    if ticket.pull:
        notes = as_comments(view.pulls.review_comments(number), view.pulls.reviews(number))
        return chain(view.issues.comments(number), notes)
    bare = asked.comment and "\n" not in asked.text.strip()
    if not number or asked.comments == (1 if bare else 0):
        return iter(())
    return view.issues.comments(number)


def recheck(ticket: Ticket, access: Access, issues: IssueReader, pulls: PullReader, github: GithubSettings, now: str,
            *, text: str | None = None, ours: Collection[str] = (), fresh: timedelta = FRESH) -> None:  # fmt: skip
    """Is what the ticket admits still admitted? For ship jobs, before their effects; two or three requests, none for a
    ticket younger than `fresh`. `text`: the snapshot that was used; `ours`: commits that this run pushed itself.

    Raises Refusal: digest_mismatch, not_allowed, stale_input; HubProblem when GitHub does not say.
    """
    if text is not None and digest(text) != ticket.text:
        raise Refusal("digest_mismatch", "The issue's text that was worked on is not the one that the gate saw.")
    if moment(now) - moment(ticket.issued) < fresh:
        return
    person = Person(login=ticket.actor, id=ticket.actor_id, kind="Bot" if ticket.actor in github.bots else "User")
    try:
        authorised(person, ticket.command.verb if ticket.command else None, access, github)
    except Denied as no:
        if no.unanswered:
            raise no.unanswered from None
        raise Refusal("not_allowed", f"{ticket.actor} may not ask for this any more: {no}") from None
    _still_there(ticket, issues, pulls, ours)


def _still_there(ticket: Ticket, issues: IssueReader, pulls: PullReader, ours: Collection[str]) -> None:
    try:
        if ticket.issue and ticket.purpose != "answer" and issues.issue(ticket.issue).state != "open":
            raise Refusal("stale_input", f"#{ticket.issue} was closed in the meantime: reopen it and ask again.")
        pull = pulls.pull(ticket.pull) if ticket.pull and ticket.purpose != "answer" else None
    except HubMissing:
        raise Refusal("stale_input", f"#{ticket.pull or ticket.issue} is not there any more.") from None
    if pull and pull.state != "open":
        raise Refusal("stale_input", f"#{ticket.pull} was closed in the meantime: reopen it and ask again.")
    if pull and pull.head_sha not in (ticket.head_sha, *ours):
        raise Refusal("stale_input", f"The branch of #{ticket.pull} has moved in the meantime: ask again.")
