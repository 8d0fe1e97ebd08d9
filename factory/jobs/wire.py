"""What a ship job is given: GitHub, the effects, the books, the settings, and a ticket that was checked.

Two tokens may be at hand. What starts workflows (branches, pull requests) is written with GITHUB_TOKEN, which starts
none by itself, unless the owner set `start_ci = "auto"`; everything else with the App's when there is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.errors import Refusal, UsageProblem
from factory.contracts.feedback import Conversation
from factory.contracts.record import ValidationError
from factory.contracts.seams import Clock
from factory.contracts.ticket import Ticket
from factory.forge.accounts import leg_of
from factory.forge.markers import Markers
from factory.forge.origin import repository_url
from factory.forge.secret_values import secret_values
from factory.forge.shared_books import SharedBooks
from factory.forge.tokens import LEAST, Tokens
from factory.jobs.clean import CleanEffects, hygiene_of
from factory.jobs.context import JobContext
from factory.settings import Settings, load

CONFIG = Path("factory.toml")
MONTH = timedelta(days=31)
_APP = ("FACTORY_APP_ID", "FACTORY_APP_KEY")


@dataclass(frozen=True)
class Site:
    """One run's place on GitHub."""

    context: JobContext
    settings: Settings
    ticket: Ticket
    clock: Clock
    hub: Conversation
    effects: CleanEffects
    pushing: CleanEffects  # branches and pull requests: by the token that may start workflows or not
    tokens: Tokens  # of `pushing`
    books: SharedBooks
    git_url: str

    @property
    def number(self) -> int:
        """Where people are talked to: the pull request, else the issue; 0 = neither."""
        return self.ticket.pull or self.ticket.issue

    @property
    def now(self) -> str:
        """GitHub's clock, as far as it has been heard."""
        return self.hub.server_time() or self.clock.now()

    @property
    def given(self) -> str:
        """JSON of the handover that this workflow run got, "" = none: the gate checked it."""
        told = self.context.needs.get("gate", {})
        return str(told.get("outputs", {}).get("handover", "")) if isinstance(told, dict) else ""

    @property
    def run_url(self) -> str:
        return f"{self.context.server_url}/{self.context.repo}/actions/runs/{self.context.run_id}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that may stand in nothing that is published."""
        return secret_values(self.context.environment)

    def looking_again(self) -> CleanEffects:
        """The effects of a job that may have made something a moment ago: lists are asked until they would show it."""
        effects = self.effects
        return CleanEffects(effects.hub, effects.markers, self.clock, effects.run, effects.hygiene, again=True,
                            since=self.ticket.issued)  # fmt: skip

    def of_run(self, run: str) -> CleanEffects:
        """The effects as another run of this repository would have them."""
        effects = self.effects
        return CleanEffects(effects.hub, effects.markers, self.clock, run, effects.hygiene)

    def summary(self, markdown: str) -> None:
        """The step's summary, cleaned like everything that is written."""
        self.context.summary(self.effects.hygiene.summary(markdown))

    def say(self, level: str, text: str) -> None:
        self.context.say(level, self.effects.hygiene.line(text))

    @property
    def unattended(self) -> bool:
        """Does CI on what is pushed wait for a person's click?"""
        return self.tokens.kind == "actions"


def site(context: JobContext, config: Path = CONFIG, clock: Clock | None = None) -> Site:
    """Raises Refusal('bad_signature'), UsageProblem."""
    from factory.forge.connect import connect, tokens_for
    from factory.forge.origin import api_origin

    clock = clock or _clock()
    ticket = ticket_of(context)
    settings = settings_of(context, config)
    environment = context.environment
    markers = Markers(environment.get("FACTORY_MARKER_KEY", ""), context.repo)
    again = context.attempt > 1
    since = "" if ticket.depth else _since(ticket, again)
    hygiene = hygiene_of(ticket, context.server_url, context.repo, environment)
    hub = connect(context.repo, context.api_url, environment, clock, mask=context.mask)
    quiet = pushing(environment, settings)
    pusher = hub if quiet == environment else connect(context.repo, context.api_url, quiet, clock, mask=context.mask)
    ledger = without_app(environment)
    writes = tokens_for(context.repo, api_origin(context.api_url), ledger, context.mask, LEAST).token()
    url = repository_url(f"{context.server_url}/{context.repo}")
    return Site(
        context=context, settings=settings, ticket=ticket, clock=clock, hub=hub,
        effects=CleanEffects(hub, markers, clock, ticket.task, hygiene, again=again, since=since),
        pushing=CleanEffects(pusher, markers, clock, ticket.task, hygiene, again=again, since=since),
        tokens=pusher.caller.tokens, books=SharedBooks(context.temp / "factory-books.git", f"{url}.git", writes, clock),
        git_url=f"{url}.git",
    )  # fmt: skip


def _since(ticket: Ticket, again: bool) -> str:
    """Nothing older can be this run's. A gate that is run again issues a new ticket for the same run: what an attempt
    before made is older than that, but no older than a month, after which GitHub runs nothing again."""
    if not again:
        return ticket.issued
    then = datetime.fromisoformat(ticket.issued.replace("Z", "+00:00")) - MONTH
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def pushing(environment: Mapping[str, str], settings: Settings) -> Mapping[str, str]:
    """The environment without the App, when pushing with it would start CI and the owner did not ask for that."""
    return environment if settings.github.start_ci == "auto" else without_app(environment)


def without_app(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The books never start a workflow. With nothing but an App at hand there is no choice."""
    if not environment.get("GITHUB_TOKEN", "").strip() or not any(environment.get(name) for name in _APP):
        return environment
    return {name: value for name, value in environment.items() if name not in _APP}


def ticket_of(context: JobContext) -> Ticket:
    """The gate's ticket of this workflow run. Raises Refusal('bad_signature') when it is not what the gate signed."""
    from factory.forge.tickets import verify

    text = context.environment.get("FACTORY_TICKET", "")
    if not text:
        raise UsageProblem("FACTORY_TICKET is not set: pass `needs.gate.outputs.ticket` to this step.")
    try:
        ticket = Ticket.from_json(text)
    except ValidationError:
        raise Refusal("bad_signature", "FACTORY_TICKET is no ticket: it is not acted on.") from None
    verify(ticket, context.environment.get("FACTORY_GATE_PUBLIC", ""), repo=context.repo, same_run=True)
    return ticket


def settings_of(context: JobContext, config: Path) -> Settings:
    """The default branch's file as the job checked it out, else the defaults."""
    path = config if config.is_absolute() else context.workspace / config
    return load(path if path.is_file() and not path.is_symlink() else None, None, context.environment)


def lease_of(rows: tuple[Row, ...], here: Site) -> Row | None:
    """The open row that this GitHub run wrote."""
    leg = leg_of(rows, here.ticket.run, here.ticket.depth)
    return leg.open if leg and leg.open.github_run == here.context.run_id else None


def status_comment(rows: tuple[Row, ...], here: Site) -> int:
    """The run's status comment, as far as the jobs before or the books know it."""
    told = here.context.needs.get("open", {})
    named = str(told.get("outputs", {}).get("comment", "")) if isinstance(told, dict) else ""
    if named.isdigit():
        return int(named)
    mine = (here.ticket.run, here.ticket.task)
    return next((row.comment for row in reversed(rows) if {row.run, row.origin} & set(mine) and row.comment), 0)


def _clock() -> Clock:
    from factory.app import SystemClock

    return SystemClock()
