"""route: what was asked for goes where it is done: the box, the swarm, Copilot, another workflow, or only people.

A review event is passed on as two numbers. Everything else has a ticket; what it starts gets the ticket and, where a
command goes on from an earlier run, the place of that run's bundle. A second run of this job sends nothing twice.
"""

import json
import re
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.errors import HubForbidden, HubProblem, UsageProblem
from factory.contracts.seams import Clock
from factory.contracts.ticket import STEERING, Errand, Handover
from factory.forge.accounts import admit, going_on
from factory.forge.events import ENDED, ended_on
from factory.forge.postponed import Waiting, due, waiting
from factory.forge.provenance import BOX, is_ours
from factory.forge.routing import DESTINATIONS, SWARM, Route, Signals, box_event, choose
from factory.jobs import postponed
from factory.jobs.context import JobContext
from factory.jobs.send import UNSIGNED, payload_of
from factory.jobs.wire import CONFIG, Site, site

COPILOT = "copilot-swe-agent[bot]"
NO_RUN = "There is no earlier run here to go on from: label the issue, or write `/factory fix`."
NO_PLAN = "There is no plan here that waits for a word: `/factory plan` makes one."
MORE = "Nothing is tried again before there is more: `/factory budget +AMOUNT`, then `/factory retry`."
UNDER_WAY = "What there was no money for is being tried again already."
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml")


def route(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """0 also when nothing could be sent: that is said where it was asked."""
    if context.event.startswith("pull_request"):
        return _forward(context, clock)
    if context.event in ENDED:
        return _ended(context, config, clock)
    here = site(context, config, clock)
    asked = str(context.inputs.get("to") or "auto")
    if asked not in ("auto", *DESTINATIONS):
        raise UsageProblem(f"There is no destination {asked!r}: choose auto or one of {', '.join(DESTINATIONS)}.")
    found = _auto(here) if asked == "auto" else Route.model_validate({"to": asked, "why": f"{asked} was asked for."})
    said = {
        "local_agent": _box, "swarm": _swarm, "copilot_task": _copilot, "agentic_trigger": _trigger, "notify": _notify,
    }[found.to](here)  # fmt: skip
    text = f"{said} {found.why}"
    context.say("notice", text)
    context.summary(f"## Dark Factory\n\n{text}\n")
    context.output(to=found.to, why=found.why)
    return 0


def _forward(context: JobContext, clock: Clock | None) -> int:
    """The event ran a pull request's own file, so nothing but two numbers is taken from it."""
    from factory.app import SystemClock
    from factory.forge.connect import connect
    from factory.forge.events import FEEDBACK, feedback

    told = feedback(context.event, context.payload)
    if told is None:
        context.say("notice", "Nothing to pass on.")
        return 0
    hub = connect(context.repo, context.api_url, context.environment, clock or SystemClock())
    hub.dispatch(FEEDBACK, told)
    return 0


def _ended(context: JobContext, config: Path, clock: Clock | None) -> int:
    """A check has ended on some commit: what the hourly look would do, at once."""
    from factory.jobs.ground import ground
    from factory.jobs.look_after import look_after

    commit = ended_on(context.event, context.payload)
    here = ground(context, config, clock) if commit else None
    sent = look_after(here, here.books.read().rows, commit) if here else 0
    context.say("notice", f"{sent} pull requests are sent to be revised." if sent else "Nothing to revise.")
    return 0


def _auto(here: Site) -> Route:
    """Revisions and reviews are the box's; a command goes where it says; the rest is weighed."""
    ticket, github = here.ticket, here.settings.github
    if ticket.purpose in ("revise", "review", "demiurge", "local"):
        return Route(to="local_agent", why="This is the box's part.")
    cloud = here.context.environment.get("FACTORY_CLOUD", "").lower() == "true" or any(
        endpoint.tier != "local" for endpoint in here.settings.endpoints.values()
    )
    return choose(
        Signals(
            effort=ticket.effort or 5, labels=here.hub.labels_of(ticket.issue) if ticket.issue else (),
            cloud_endpoints=cloud, box_waiting=_waiting(here), box_offline=github.box_offline,
            route_effort=github.route_effort,
        )
    )  # fmt: skip


def _waiting(here: Site) -> int:
    """Runs that wait for a runner; 0 where the token may not look."""
    try:
        return sum(1 for run in here.hub.workflow_runs("", status="queued") if is_ours(run, BOX))
    except HubForbidden:
        return 0


def _box(here: Site) -> str:
    return _dispatch(here, box_event(here.ticket.purpose), "Sent to the box.")


def _swarm(here: Site) -> str:
    return _dispatch(here, SWARM, "Sent to the swarm.")


def _dispatch(here: Site, event: str, done: str) -> str:
    ticket = here.ticket
    if not (ticket.signature and here.context.environment.get("FACTORY_GATE_PUBLIC")):
        return _told(here, UNSIGNED.replace("Not sent on to the box", "Not started"))
    key = f"{ticket.run}.{ticket.depth + 1}"
    handover = None
    if ticket.command and ticket.command.verb in STEERING and ticket.purpose == "swarm":
        rows = here.books.read().rows
        row = going_on(rows, ticket.issue, ticket.command.verb)
        waits = _waits(here, rows, row) if ticket.command.verb == "retry" else None
        if waits:
            return _begun(here, rows, waits)
        if row is None:
            return _told(here, NO_PLAN) if ticket.command.verb == "approve" else _anew(here, rows)
        handover = Handover.from_json(row.handover)
    here.effects.dispatch(event, payload_of(Errand(ticket=ticket, handover=handover, run=key)), key)
    return done


def _waits(here: Site, rows: tuple[Row, ...], before: Row | None) -> Waiting | None:
    """What was asked for here and could not begin, if nothing has come of a run since."""
    mine = [each for each in waiting(rows, here.now) if each.row.issue == here.ticket.issue]
    since = rows.index(before) if before else -1
    return next((each for each in reversed(mine) if rows.index(each.row) > since), None)


def _anew(here: Site, rows: tuple[Row, ...]) -> str:
    """No run has left anything to go on from: one may be at work, or was refused for its money."""
    found = admit(rows, here.ticket, here.context.run_id, here.settings, here.now)
    if found.code == "already_running":
        return _told(here, f"{found.why} There is nothing to go on from yet.")
    again = _no_money(rows, here.ticket.issue) if here.ticket.command and here.ticket.command.verb == "retry" else None
    if again is None:
        return _told(here, NO_RUN)
    if found.code == "budget" and found.limit != "day_usd":  # the day's is waited for
        return _told(here, f"{found.why} {MORE}")
    begun = postponed.run_again(here, again)
    if begun is None:
        return _told(here, NO_RUN)
    return "What there was no money for is tried again." if begun else _told(here, UNDER_WAY)


def _no_money(rows: tuple[Row, ...], issue: int) -> Row | None:
    """What was refused for an issue's or a run's money, when nothing has come of it since."""
    opened = {row.run for row in rows if row.kind == "open"}
    mine = (row for row in reversed(rows) if row.issue == issue and row.kind == "refused")
    return next((row for row in mine if row.id.startswith("money.") and row.run not in opened), None)


def _begun(here: Site, rows: tuple[Row, ...], waits: Waiting) -> str:
    if any(each.row.id == waits.row.id for each in due(rows, here.settings, here.now)):
        done = postponed.start_again(here, waits, rows)
        return "What waited is taken up now." if done else "What waited is being taken up already."
    return _told(here, f"{waits.row.why} What was asked for waits and starts by itself: nothing to retry yet.")


def _told(here: Site, words: str) -> str:
    """Said to whoever asked, once."""
    if here.number:
        here.effects.say(here.number, "route", words)
    return words


def _copilot(here: Site) -> str:
    """Only by name, only when the owner allows it: it needs a person's token and sends the repository to a cloud."""
    from factory.forge.connect import connect

    token = here.context.environment.get("FACTORY_COPILOT_TOKEN", "")
    if not here.settings.github.copilot or not token:
        return _told(
            here,
            "Copilot is not asked: set `copilot = true` under [github] in factory.toml and the secret "
            "FACTORY_COPILOT_TOKEN (a user's token). It sends the repository to a cloud.",
        )
    if not here.ticket.issue:
        raise UsageProblem("Copilot is assigned to an issue: give its number.")
    hub = connect(here.context.repo, here.context.api_url, {"GITHUB_TOKEN": token}, here.clock)
    hub.assign(here.ticket.issue, (COPILOT,))
    return _told(here, "Copilot is assigned. It works in GitHub's cloud; its pull request is not the factory's.")


def _trigger(here: Site) -> str:
    """Start the named workflow once: the books are asked first, since a started workflow cannot be looked up."""
    file, inputs = str(here.context.inputs.get("workflow") or ""), _inputs(here)
    if not _FILE.fullmatch(file):
        raise UsageProblem("With agentic_trigger, `workflow` is the file name of a workflow, for example docs.yml.")
    row = Row(
        id=f"{here.ticket.run}.trigger", kind="note", run=here.ticket.run, event=here.ticket.event, at=here.now,
        purpose=here.ticket.purpose, issue=here.ticket.issue, actor=here.ticket.actor, github_run=here.context.run_id,
        why=f"The workflow {file} was started.",
    )  # fmt: skip
    if not here.books.append(lambda rows: (row,)).added:
        return _told(here, f"The workflow {file} was started for this already, or its start was lost: look there.")
    try:
        here.hub.start_workflow(file, here.ticket.base, inputs)
    except HubProblem as problem:
        return _told(here, f"The workflow {file} was not started: {problem}")
    return _told(here, f"Started the workflow `{file}`.")


def _inputs(here: Site) -> dict[str, str]:
    try:
        found = json.loads(str(here.context.inputs.get("workflow_inputs") or "{}"))
    except json.JSONDecodeError:
        raise UsageProblem("`workflow_inputs` is not JSON: write an object of strings.") from None
    if not isinstance(found, dict) or len(found) > 25 or not all(isinstance(text, str) for text in found.values()):
        raise UsageProblem("`workflow_inputs` is not an object of at most 25 strings.")
    return found


def _notify(here: Site) -> str:
    if not here.number:
        return "Nobody to tell: no issue was named."
    here.effects.say(here.number, "notify", "A person should look at this: nothing was started.")
    return "Said on the issue."
