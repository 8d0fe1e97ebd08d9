"""heard: everything that one revision answers, read by the gate that sends it to work: threads, reviews, words, checks.

Logs and words are untrusted. They are capped and searched for secrets here, before a file holds them.
"""

import re
from collections.abc import Callable, Iterable
from typing import Protocol

from factory.checks.ci_logs import MAX_LOG, failures, of_app
from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubMissing
from factory.contracts.feedback import MOST_REMARKS, CheckJob, CheckReader, Failure, Feedback, Remark, ThreadReader
from factory.contracts.hub import Access, IssueReader, PullInfo, PullReader
from factory.contracts.record import digest
from factory.contracts.tables import GithubSettings
from factory.contracts.ticket import STEERING, Decision, Ticket
from factory.forge.ci import broken, checks_of
from factory.forge.gate import doorman
from factory.forge.remarks import Reading, capped, of_comments, of_reviews, of_threads, words
from factory.forge.rounds import heard_until
from factory.render.text import clean

MOST_LOGS = 5  # of jobs that fail; more than these say nothing new
NOTHING = (
    "There is nothing to revise: no thread is open, nobody asks for a change since the last revision, no check fails "
    "and the branch has no conflict. Write what is wanted below `/factory fix`."
)
_RULES = {"test": "failing-test", "compile": "compile-error", "other": "failing-check"}


class Reader(Access, IssueReader, PullReader, ThreadReader, CheckReader, Protocol):
    """What is read of GitHub for it."""


def with_feedback(
    made: Decision, hub: Reader, rows: tuple[Row, ...], github: GithubSettings, redact: Callable[[str], str]
) -> tuple[Decision, str]:
    """(the decision with the digest of what was heard in its ticket, the file). Nothing to answer is a no."""
    ticket = made.ticket
    assert ticket
    found = heard(ticket, hub, rows, github, redact)
    if not found.remarks:
        why = "; ".join(found.notices)
        says = f"{NOTHING}{f' Left out: {why}.' if why else ''}"
        return Decision(code="not_for_us", ticket=ticket, say=says, why="Nothing is left to answer."), ""
    text = found.to_json()
    notices = (*made.notices, *found.notices)
    return made.but(ticket=ticket.but(feedback=digest(text)), notices=notices), text


def with_words(made: Decision, hub: IssueReader, redact: Callable[[str], str]) -> tuple[Decision, str]:
    """(the decision with the digest of the words below its command, the file); as it was where there are none. A
    comment that was edited since says nothing."""
    ticket = made.ticket
    match = re.search(r" comment (\d{1,18})$", ticket.event) if ticket else None
    if not ticket or not match or ticket.feedback or not ticket.command or ticket.command.verb not in STEERING:
        return made, ""
    try:
        said = hub.one_comment(int(match[1]))
    except HubMissing:
        return made, ""
    text = redact(words(said.body))
    if not text or said.author.id != ticket.actor_id or said.updated != said.created:
        return made, ""
    remark = Remark(key=f"comment-{said.id}", last=said.id, kind="comment", author=said.author.login, must=True,
                    text=capped(text), rule="requested-change")  # fmt: skip
    found = Feedback(pull=0, remarks=(remark,)).to_json()
    return made.but(ticket=ticket.but(feedback=digest(found))), found


def heard(
    ticket: Ticket, hub: Reader, rows: tuple[Row, ...], github: GithubSettings, redact: Callable[[str], str]
) -> Feedback:
    """Of the ticket's pull request, up to its trigger."""
    pull, reviews = hub.pull(ticket.pull), list(hub.reviews(ticket.pull))
    reading = Reading(doorman((ticket.actor,), hub, github), hub.own_login(), heard_until(rows, ticket.pull),
                      ticket.seen)  # fmt: skip
    said = of_threads(hub.inline_comments(ticket.pull), hub.threads(ticket.pull), reviews, reading)
    said += of_reviews(reviews, reading)
    said += of_comments(hub.comments(ticket.pull), reading)
    checked, notices = _checks(ticket, hub, redact)
    every = sorted([*_conflict(pull, ticket), *said, *checked], key=_order)
    if len(every) > MOST_REMARKS:
        notices.append(f"{len(every) - MOST_REMARKS} remarks over {MOST_REMARKS} wait for the next revision")
    return Feedback(pull=ticket.pull, head_sha=ticket.head_sha, remarks=tuple(every[:MOST_REMARKS]),
                    notices=tuple(notices))  # fmt: skip


def _order(remark: Remark) -> tuple[bool, bool, bool, str, int, str]:
    """A merge first, since the rest stands on it; then what must be, by place from the end of a file upwards, so that
    lines above stay where they are."""
    return (remark.kind != "conflict", not remark.must, remark.kind == "check", remark.path, -remark.start, remark.key)


def _conflict(pull: PullInfo, ticket: Ticket) -> Iterable[Remark]:
    if pull.conflicts and pull.head_sha == ticket.head_sha:
        yield Remark(
            key=f"conflict-{ticket.base_sha}", kind="conflict", author="base", must=True, rule="conflict",
            text="The branch conflicts with its base: both sides must be kept in one.",
        )  # fmt: skip


def _checks(ticket: Ticket, hub: Reader, redact: Callable[[str], str]) -> tuple[list[Remark], list[str]]:
    """What fails on the head, of other workflows and of other apps, and what is said of what no change answers."""
    try:
        head, unseen = checks_of(hub, ticket.head_sha)
        base = checks_of(hub, ticket.base_sha)[0] if any(job.conclusion for job in head) else []
    except HubForbidden as problem:
        return [], [f"checks could not be looked at: {problem}"]
    found = broken(head, base, ticket.seen)
    notices = [*found.notices, *([unseen] if unseen else [])]
    if len(found.jobs) > MOST_LOGS:
        notices.append(f"of {len(found.jobs)} checks that fail, the logs of {MOST_LOGS} were read")
    remarks: dict[tuple[str, str, str], Remark] = {}
    for job in found.jobs[:MOST_LOGS]:
        for n, failure in enumerate(_failures(hub, job, redact)):  # a matrix says the same several times
            remarks.setdefault((failure.tool, failure.name, failure.message), _remark(job, n, failure))
    return list(remarks.values()), notices


def _failures(hub: Reader, job: CheckJob, redact: Callable[[str], str]) -> tuple[Failure, ...]:
    if not job.is_job:
        notes = hub.annotations(job.id) if job.workflow.startswith("app:") else ()
        plain = [note.but(title="", message=redact(clean(f"{note.title}\n{note.message}".strip()))) for note in notes]
        return of_app(redact(clean(job.said)), plain)
    try:
        log = hub.job_log(job.id, MAX_LOG)
    except HubMissing:
        log = ""
    return failures(redact(clean(log)))


def _remark(job: CheckJob, n: int, failure: Failure) -> Remark:
    what = f"The test {failure.name} fails" if failure.kind == "test" else f"{failure.tool} {failure.name}".strip()
    if failure.kind == "other" and not failure.path:
        what = "The job fails; its last words" if job.is_job else "It fails, and says"
    return Remark(
        key=f"check-{job.id}.{n}", last=job.id, kind="check", author=clean(job.name)[:100], must=True,
        text=capped(f"In the check {clean(job.name)[:100]}: {what}:\n{failure.message}"), path=failure.path,
        start=failure.line, end=failure.line, rule=_RULES[failure.kind],
    )  # fmt: skip
