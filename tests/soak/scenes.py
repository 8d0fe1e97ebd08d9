"""What the jobs of the workflows do on GitHub, scene by scene: each a few jobs, each job a few commands."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from factory.contracts.ticket import Command as Word
from factory.contracts.ticket import Ticket
from factory.simulator.hub import runs
from tests.jobs.handed import FAR, ZERO, Handed, admitted, handed
from tests.jobs.place import Place, outputs
from tests.jobs.test_close import needs
from tests.soak.processes import Command

Job = Callable[[int], Iterator[Command]]
"""The commands of one GitHub job in its `attempt`, on a fresh machine: asked for one after the other, since a later
one needs what the one before has put out."""


@dataclass
class Scene:
    """`jobs` one after the other. `also`: what the end state is, beside what stands on GitHub."""

    here: Place
    jobs: list[Job]
    known: int = 0  # so many of the first jobs are another scene's matter
    also: Callable[[], object] = str
    close: Callable[[], None] = lambda: None


def aside(what: Callable[[], object]) -> Job:
    """No job of ours: people, GitHub, or time."""

    def commands(attempt: int) -> Iterator[Command]:
        what()
        yield from ()

    return commands


def opening(here: Place, ticket: Ticket, run: int, **more: Any) -> Job:
    def commands(attempt: int) -> Iterator[Command]:
        yield Command("open", here.job(ticket, "open", run=run, attempt=attempt, temp=f"open-{run}-{attempt}", **more))

    return commands


def opened(here: Place, run: int) -> Any:
    """The surroundings of the last attempt of the job `open`: its outputs are what the next jobs need."""
    folders = sorted((here.folder / "jobs").glob(f"open-{run}-*"), key=lambda each: int(each.name.rpartition("-")[2]))
    return here.job(here.ticket(1), "open", run=run, temp=folders[-1].name)


def shipping(here: Place, ticket: Ticket, run: int, bundle: Handed, digest: str = "", **environment: Any) -> Job:
    """The whole ship job: ship, send where it goes on, close whatever happened, remember."""

    def commands(attempt: int) -> Iterator[Command]:
        told = needs(opened(here, run), bundle)
        if ticket.purpose != "swarm":
            told = {name: told[name] for name in ("gate", "open")} | {"work": told["prove"]}
        job = here.job(ticket, "ship", run=run, attempt=attempt, needs=told, **environment)
        yield Command("ship", job, (bundle.into(job.temp), digest or bundle.digest))
        if outputs(job).get("send") == "true":
            yield Command("send", job)
        yield Command("close", job)
        yield Command("remember", job)

    return commands


def swarm(here: Place) -> Scene:
    """Branch, draft pull request, tracking issue, check run, labels, dispatch, books, memory, status comment."""
    ticket = admitted(here, here.issue())
    return Scene(here, [opening(here, ticket, 7), shipping(here, ticket, 7, handed(here, ticket))])


def box(here: Place) -> Scene:
    """Ready work with findings: an inline review."""
    ticket = admitted(here, here.issue(), purpose="local")
    bundle = handed(here, ticket, accepted=True, findings=(ZERO, FAR))
    return Scene(here, [opening(here, ticket, 7), shipping(here, ticket, 7, bundle)])


def refined(here: Place) -> Scene:
    """The swarm's draft comes back from the box: the same pull request becomes ready."""
    ticket = admitted(here, here.issue())
    first = swarm_of(here, ticket)
    second = ticket.but(depth=1)
    more = handed(here, ticket, accepted=True, text=LONGER)
    last = shipping(here, second.but(purpose="swarm"), 8, more)
    return Scene(here, [*first, opening(here, second, 8), last], known=len(first))


def swarm_of(here: Place, ticket: Ticket) -> list[Job]:
    return [opening(here, ticket, 7), shipping(here, ticket, 7, handed(here, ticket))]


def refused(here: Place) -> Scene:
    """A bundle that is not what was handed over: nothing ships, the failure is said and labelled, which puts the task
    into quarantine; a person takes it up."""
    number = here.issue()
    ticket, later = admitted(here, number), admitted(here, number, event="labeled anew")
    strict: dict[str, Any] = {"FACTORY_ALERTS__ATTEMPTS": "1"}
    fails = shipping(here, ticket, 7, handed(here, ticket), "f" * 64, **strict)
    return Scene(here, [opening(here, ticket, 7), fails, opening(here, later, 8, **strict)], known=1)


def again(here: Place) -> Scene:
    """Asked for twice: the second run is refused, once."""
    number = here.issue()
    first, second = admitted(here, number), admitted(here, number, event="labeled again")
    return Scene(here, [opening(here, first, 7), opening(here, second, 8)], known=1)


def words(here: Place) -> Scene:
    """Commands that need no model: status, budget, stop."""
    number = here.issue()
    with here.hub.lock:
        made = runs.start_run(here.hub, here.repo, ".github/workflows/dark-factory-swarm.yml", event="issues")
        made.status = "in_progress"
    said = [_answer(here, number, verb, n) for n, verb in enumerate(("status", "budget", "stop", "why"), start=20)]
    return Scene(here, [opening(here, admitted(here, number), made.id), *said], known=1)


def _answer(here: Place, number: int, verb: str, run: int) -> Job:
    more = {"amount": "1"} if verb == "budget" else {}
    word = Word.model_validate({"verb": verb, **more})
    ticket = here.ticket(number, event=f"comment {verb}", purpose="answer", command=word)

    def commands(attempt: int) -> Iterator[Command]:
        told = {"gate": {"result": "success", "outputs": {"code": "allowed"}}}
        yield Command("answer", here.job(ticket, "answer", run=run, attempt=attempt, event="issue_comment", needs=told))

    return commands


def routes(here: Place) -> Scene:
    """On to the box, on to people; another workflow is started from the books."""
    found = []
    for n, inputs in enumerate(({"to": "local_agent"}, {"to": "notify"}), start=30):
        ticket = admitted(here, here.issue())
        found.append(_route(here, ticket, n, inputs))
    return Scene(here, found)


def _route(here: Place, ticket: Ticket, run: int, inputs: dict[str, str]) -> Job:
    def commands(attempt: int) -> Iterator[Command]:
        yield Command("route", here.job(ticket, "route", run=run, attempt=attempt, event="workflow_dispatch",
                                        FACTORY_INPUTS=json.dumps(inputs)))  # fmt: skip

    return commands


def offline(here: Place) -> Scene:
    """The watchdog: a job that waits for the box is moved to hosted runners; a run that was lost is closed, and its
    task goes into quarantine."""
    with here.hub.lock:
        made = runs.start_run(here.hub, here.repo, ".github/workflows/factory-local.yml", event="issues")
        made.status = "in_progress"
        runs.add_job(here.hub, made, "Work", ("self-hosted", "gpu"))
    lost, waits = admitted(here, here.issue()), here.issue()

    def pause(hours: float) -> Job:
        return aside(lambda: here.clock.sleep(hours * 3600))

    def look(attempt: int) -> Iterator[Command]:
        yield Command("watch", here.job(here.ticket(1), "watch", run=40, attempt=attempt, event="schedule",
                                        FACTORY_GITHUB__BOX_OFFLINE="cloud", FACTORY_ALERTS__ATTEMPTS="1"))  # fmt: skip

    late = admitted(here, waits, purpose="local")
    return Scene(here, [opening(here, lost, 7), pause(47), opening(here, late, made.id), pause(2), look], known=4)


SCENES: dict[str, Callable[[Place], Scene]] = {
    each.__name__: each for each in (swarm, box, refined, refused, again, words, routes, offline)
}
LONGER = "def one():\n    return 1\n\n\ndef two():\n    return 2\n\n\ndef three():\n    return 3\n"
