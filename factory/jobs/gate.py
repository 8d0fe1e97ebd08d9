"""The gate job: an event in, a signed ticket and the text that models may be shown out. Denied is no failure."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from factory.contracts.books import Row
from factory.contracts.errors import HubProblem, UsageProblem
from factory.contracts.feedback import FILE, CheckReader, ThreadReader
from factory.contracts.hub import Access, IssueReader, PullReader, RunReader
from factory.contracts.memory import SHARED_FILE
from factory.contracts.ticket import Decision, Purpose, Ticket
from factory.files import write_whole
from factory.jobs.context import JobContext
from factory.settings import Settings, load

if TYPE_CHECKING:
    from factory.contracts.seams import Clock
    from factory.forge.events import Asked
    from factory.forge.gate import View

SERVES: dict[str, frozenset[Purpose]] = {
    "swarm": frozenset({"swarm"}),
    "box": frozenset({"local", "demiurge", "revise", "review"}),
    "feedback": frozenset({"revise", "review", "answer", "swarm", "demiurge"}),  # the last two: words that waited
    "answer": frozenset({"answer"}),
    "hunt": frozenset({"hunt"}),
}
"""What each `--for` admits. Errands are not looked up here: which workflow gets one is said by its event type."""
_LEARNS = ("swarm", "local", "demiurge", "revise")  # purposes of which a pack is made


class Reader(Access, IssueReader, PullReader, RunReader, ThreadReader, CheckReader, Protocol):
    """What the gate reads of GitHub."""


def gate(
    context: JobContext, purpose: str, out: Path, *, config: Path = Path("factory.toml"), hub: Reader | None = None,
    rows: Callable[[], tuple[Row, ...]] | None = None, clock: "Clock | None" = None,
) -> int:  # fmt: skip
    """Writes out/ticket.json, out/issue.md and what earlier runs taught, and the job's outputs. `purpose`: names of
    SERVES with commas between, or "any". `rows`: the shared books, where the caller has them open.

    1, or HubProblem, when GitHub cannot be asked: nothing is started, and the job can be run again.
    """
    from factory.forge.events import read
    from factory.forge.gate import decide
    from factory.jobs.night_errands import choose

    serves = _serves(purpose)
    settings = load(config if config.is_file() else None, None, context.environment)
    asked = read(context.event, context.payload, context.repo, context.run_id, context.inputs)
    if asked and asked.errand and asked.errand.where == "cloud" and settings.github.box_offline != "cloud":
        asked = None  # whoever sent it: the owner lets nobody but the box do this
    view = _view(context, serves, settings, hub, rows, clock) if asked else None
    made = decide(asked, view) if view else Decision(code="not_for_us")
    feedback = ""
    if view and made.code == "allowed" and made.ticket and made.ticket.purpose == "revise" and _works(purpose):
        made, feedback = _heard(made, view, context)
    if view and made.code == "allowed" and made.ticket and asked and asked.errand and asked.errand.handover:
        made, feedback = _words(made, view, context)
    if made.ticket:
        made = made.but(ticket=_signed(made.ticket, asked, context))
    _write(made, out, feedback)
    if (
        made.code == "allowed"
        and made.ticket
        and made.ticket.purpose in _LEARNS
        and settings.memory.enabled
        and not rows
    ):
        _lessons(context, out, clock)
    if view and made.code == "allowed" and made.ticket and made.ticket.purpose == "hunt":
        _hunted(view, out)
        choose(view, lambda ticket: _signed(ticket, None, context), out)
    _tell(made, asked, context)
    return 1 if made.again else 0


def _hunted(view: "View", out: Path) -> None:
    """Which findings are on a pull request of ours, so that the night mends others: ids, nothing that anybody wrote."""
    from factory.jobs.hunt_books import taken

    found = taken(view.pulls, view.rows(), view.time())
    write_whole(out / "hunted.json", json.dumps(sorted(found)) + "\n")


def _works(purpose: str) -> bool:
    """Is this the gate of the workflow that does the work? Others only send it there: what is heard would grow old."""
    return purpose == "any" or "box" in purpose.split(",")


def _heard(made: Decision, view: "View", context: JobContext) -> tuple[Decision, str]:
    from factory.forge.secret_values import Redaction, secret_values
    from factory.jobs.heard import with_feedback
    from factory.llm.secret_forms import secrets_in

    redact = Redaction(secret_values(context.environment), secrets_in)
    reader = cast("Reader", view.access)  # one object: `_view` made it
    return with_feedback(made, reader, view.rows(), view.settings.github, redact)


def _words(made: Decision, view: "View", context: JobContext) -> tuple[Decision, str]:
    """What stands below a word on an earlier run's plan: a bundle that is handed over does not have it."""
    from factory.forge.secret_values import Redaction, secret_values
    from factory.jobs.heard import with_words
    from factory.llm.secret_forms import secrets_in

    return with_words(made, view.issues, Redaction(secret_values(context.environment), secrets_in))


def _serves(purpose: str) -> frozenset[Purpose] | None:
    if purpose == "any":
        return None
    names = purpose.split(",")
    for name in names:
        if name not in SERVES:
            raise UsageProblem(f"There is no gate for {name!r}: choose of {', '.join(SERVES)}, any.")
    return frozenset[Purpose]().union(*(SERVES[name] for name in names))


def _view(context: JobContext, serves: frozenset[Purpose] | None, settings: Settings, hub: Reader | None,
          rows: Callable[[], tuple[Row, ...]] | None, clock: "Clock | None") -> "View":  # fmt: skip
    from factory.app import SystemClock
    from factory.forge.gate import View

    clock = clock or SystemClock()
    hub = hub or _connected(context, clock)
    base = str((context.payload.get("repository") or {}).get("default_branch") or "") or hub.default_branch()
    here = context.ref in ("", f"refs/heads/{base}")
    return View(
        repo=context.repo, run_id=context.run_id, access=hub, issues=hub, pulls=hub, runs=hub, settings=settings,
        now=clock.now, rows=rows or _books(context, clock), serves=serves, base=base,
        base_sha=context.sha if here and context.sha else hub.head(base),
        public=context.environment.get("FACTORY_GATE_PUBLIC", ""),
    )  # fmt: skip


def _connected(context: JobContext, clock: "Clock") -> Reader:
    from factory.forge.connect import connect

    return connect(context.repo, context.api_url, context.environment, clock)


def _books(context: JobContext, clock: "Clock") -> Callable[[], tuple[Row, ...]]:
    from factory.forge.shared_books import SharedBooks

    url = f"{context.server_url}/{context.repo}"
    return cache(lambda: SharedBooks(context.temp / "factory-books", url, context.token, clock).read().rows)


def _lessons(context: JobContext, out: Path, clock: "Clock | None") -> None:
    """The lines of the branch `factory-memory` beside the issue, for jobs that have no token: untrusted there too."""
    from factory.app import SystemClock
    from factory.forge.remote import Remote
    from factory.forge.shared_memory import SharedMemory

    url = f"{context.server_url}/{context.repo}"
    try:
        raw = SharedMemory(Remote(context.temp / "factory-books", url, context.token), clock or SystemClock()).read()
    except HubProblem as problem:
        context.say("warning", f"No lessons of earlier runs: {problem}")
        return
    if raw:
        write_whole(out / SHARED_FILE, raw)


def _signed(ticket: Ticket, asked: "Asked | None", context: JobContext) -> Ticket:
    """What another gate signed stays as it is, but for what a revision answers: the gate that sends it to work hears
    that. Raises UsageProblem with half a key pair: nobody could check it."""
    from factory.forge.tickets import public_of, sign

    if asked and asked.errand and ticket.feedback == asked.errand.ticket.feedback:
        return ticket
    key, public = (context.environment.get(name, "").strip() for name in ("FACTORY_GATE_KEY", "FACTORY_GATE_PUBLIC"))
    if public and (not key or public_of(key) != public):
        raise UsageProblem(
            "FACTORY_GATE_PUBLIC is set, and FACTORY_GATE_KEY is not its other half: run `factory init --keys` and set "
            "both, or neither."
        )
    return sign(ticket, key)


def _write(made: Decision, out: Path, feedback: str = "") -> None:
    if not made.ticket:
        return
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "ticket.json", made.ticket.to_json(indent=2) + "\n")
    write_whole(out / "issue.md", made.snapshot)
    if feedback:
        write_whole(out / FILE, feedback)


def _tell(made: Decision, asked: "Asked | None", context: JobContext) -> None:
    """Outputs for the jobs after, and one line for the log. Nothing that a stranger wrote is in any of them."""
    ticket, allowed = made.ticket, made.code == "allowed"
    subject = (ticket.pull or ticket.issue) if ticket else 0
    command = ticket.command if ticket else None
    handover = asked.errand.handover if asked and asked.errand and allowed else None
    context.output(
        allowed=str(allowed).lower(), code=made.code, ticket=ticket.to_json() if ticket else "",
        purpose=(ticket.purpose if allowed else "answer") if ticket else "", verb=command.verb if command else "",
        issue=str(ticket.issue if ticket else 0), pull=str(ticket.pull if ticket else 0),
        group=str(subject or context.run_id), run=ticket.run if ticket else "",
        base_sha=ticket.base_sha if ticket else "", head_sha=ticket.head_sha if ticket else "",
        dry_run=str(bool(ticket and ticket.dry_run)).lower(), say=made.say,
        handover=handover.to_json() if handover else "", notices="\n".join(made.notices),
    )  # fmt: skip
    if allowed and ticket:
        context.say("notice", f"Allowed: {ticket.purpose} for {ticket.actor} ({ticket.role}), run {ticket.run}.")
    elif made.again:
        context.say("error", f"{made.why} Nothing is started and nothing is said: run this job again.")
    else:
        context.say("notice", f"Nothing is started: {made.code}. {made.why}".strip())
