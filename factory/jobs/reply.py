"""reply: every remark of a revision gets its answer: what was fixed and where, what was not and why.

Only a thread that was fixed, and whose line really reads otherwise now, is resolved; that is measured here, on the
trees that ship. A second run says nothing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass

from factory.contracts.change import Change
from factory.contracts.errors import HubProblem
from factory.contracts.feedback import Remark
from factory.contracts.finding import Finding
from factory.contracts.run import Run
from factory.forge.conversation import Answers
from factory.forge.once import Once
from factory.jobs.wire import Site
from factory.render import facts
from factory.render.amount import many
from factory.render.sections import bullets
from factory.render.text import code, prose

MAX_REASON = 700
_OPEN = "The thread stays open: the line it stands on reads as before."


@dataclass(frozen=True)
class Reply:
    """What became of one remark. `settled`: its thread may be closed."""

    remark: Remark
    text: str
    settled: bool = False


def answer(here: Site, run: Run, changed: Callable[[Remark], bool], said: str = "") -> int:
    """Posts the answers; how many threads were resolved. `changed`: does the remark's line read otherwise now? `said`:
    one more sentence, why nothing could be pushed. Raises HubProblem."""
    if not run.remarks:
        return 0
    number, resolved, notes = here.ticket.pull, 0, []
    answers = Answers(here.hub, here.effects, here.of_run(f"pull-{number}"),
                      Once(here.clock, here.context.attempt > 1))  # fmt: skip
    replies = replies_of(run, f"{here.context.server_url}/{here.context.repo}", changed, said)
    for reply in replies:
        remark = reply.remark
        if remark.kind != "thread":
            continue
        try:
            answers.reply(number, int(remark.key.removeprefix("thread-")), remark.last, reply.text)
            why = answers.resolve(remark.thread) if reply.settled and remark.thread else "-"
        except HubProblem as problem:  # one thread that is gone keeps no other from its answer
            why = str(problem)
        resolved += not why
        if why not in ("", "-"):
            notes.append(f"A thread on {remark.path} was not resolved: {why}")
    notices = run.event.feedback.notices if run.event.feedback else ()
    answers.summary(number, summary(run, replies, (*notices, *notes), said))
    return resolved


def replies_of(run: Run, pages: str, changed: Callable[[Remark], bool], said: str = "") -> tuple[Reply, ...]:
    """Pure: one for each remark, in their order."""
    found = {item.id: item for item in facts.findings(run)}
    return tuple(_reply(remark, found.get(remark.id), run, pages, changed, said) for remark in run.remarks)


def _reply(
    remark: Remark, item: Finding | None, run: Run, pages: str, changed: Callable[[Remark], bool], said: str
) -> Reply:
    fate = item.fate if item else "open"
    word, _, rest = fate.partition(" ")
    change = _change(run, rest.rpartition(" ")[2]) if word in ("fixed", "answered") else None
    if change is None or run.delivery is None:
        return Reply(remark, _not_done(fate, said))
    sha = next((commit.sha for commit in (run.delivery.commits if run.delivery else ()) if commit.unit == change.unit),
               "")  # fmt: skip
    where = f"[`{sha[:12]}`]({pages}/commit/{sha})" if sha else "this revision"
    if change.unit.endswith("-exact"):
        return Reply(remark, f"Applied as proposed, in {where}.", settled=changed(remark))
    settled = word == "fixed" and changed(remark)
    text = f"{'Fixed' if settled or remark.kind != 'thread' else 'Changed'} in {where}."
    text += f" {prose(change.summary, MAX_REASON)}" if change.summary.strip() else ""
    return Reply(remark, text if settled or remark.kind != "thread" else f"{text}\n\n{_OPEN}", settled)


def _change(run: Run, unit: str) -> Change | None:
    return next((change for change in run.fixes if change.unit == unit), None)


def _not_done(fate: str, said: str) -> str:
    if fate.startswith("declined: "):
        return f"Not changed: {prose(fate.removeprefix('declined: '), MAX_REASON)}"
    why = fate.removeprefix("open").lstrip(": ") if fate.startswith("open") else ""
    made = fate.startswith(("fixed", "answered"))
    why = why or said or ("nothing of this revision could be pushed" if made else "the revision ended before its turn")
    return f"Not done: {prose(why, MAX_REASON).rstrip('.')}. A person should look at it."


def summary(run: Run, replies: tuple[Reply, ...], notices: tuple[str, ...], said: str = "") -> str:
    """The comment that is kept up to date: the newest revision, remark by remark."""
    rows = [f"{_of(reply.remark)}: {' '.join(reply.text.split())}" for reply in replies]
    done = sum(not reply.text.startswith("Not ") for reply in replies)
    parts = [f"**Revision {code(run.id, 80)}**: {done} of {many(len(replies), 'remark')} led to a change."]
    parts += [prose(said, MAX_REASON)] if said else []
    parts += [bullets(rows)]
    parts += [
        f"Said of the checks and of what was left out:\n\n{bullets(prose(each, 300) for each in notices)}"
    ] * bool(notices)
    return "\n\n".join(parts)


def _of(remark: Remark) -> str:
    place = code(f"{remark.path}:{remark.end}" if remark.end else remark.path, 120)
    who = {"check": "The check", "conflict": "The conflict with", "thread": "A thread by", "review": "A review by"}
    return f"{who.get(remark.kind, 'A comment by')} {prose(remark.author, 60)}{f' on {place}' if place else ''}"
