"""What a night would do on GitHub, without doing it: the night's own code over a hub that only reads.

For `factory hunt --github OWNER/NAME`, on anybody's machine, with any token that may read. Nothing is sent but GET:
what the night would write is noted instead, and the wire refuses whatever is not noted.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.catch import Catch, Night, Theme
from factory.contracts.errors import Refusal
from factory.contracts.hub import Comment, Issue, Person
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.contracts.ticket import Ticket
from factory.forge.answers import Reply
from factory.forge.caller import Caller, Wire
from factory.forge.connect import tokens_for
from factory.forge.github import GitHub, PyGithubWire
from factory.forge.limits import Limits
from factory.forge.markers import Markers, marked, strip
from factory.forge.origin import api_origin, repository_url
from factory.forge.shared_books import Booked, Books, Decide, SharedBooks
from factory.hunt.wished import wished
from factory.jobs.clean import CleanEffects, hygiene_of
from factory.jobs.context import JobContext
from factory.jobs.hunt_books import elsewhere, places_left, taken
from factory.jobs.hunt_issues import file_issues
from factory.jobs.night_errands import LABEL
from factory.jobs.wire import Site
from factory.render.amount import many
from factory.render.text import line
from factory.settings import Settings

SELF = Person(login="dark-factory", id=0, kind="Bot")


def rehearsed(found: Catch, repo: str, settings: Settings, environment: Mapping[str, str], clock: Clock,
              scratch: Path) -> list[str]:  # fmt: skip
    """A sentence for each thing that a night with these findings would do. `scratch`: an empty folder of ours.

    Raises UsageProblem without GITHUB_TOKEN, HubProblem when GitHub cannot be asked.
    """
    hub = _hub(repo, environment, clock)
    here = _site(hub, repo, found, settings, environment, clock, scratch)
    said, mended = _themes(here, found)
    filed = file_issues(here, Night(catch=found), mended)
    notes = [each for each in filed.said if not each.startswith("#")]  # the others say what is in `hub.noted`
    return [*said, *hub.noted, *notes, *_errands(here)]


class OnlyReads:
    """A wire on which nothing is sent but questions."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(self, verb: str, path: str, query: Json, body: Json | None, accept: str, token: str) -> Reply:
        if verb != "GET":
            raise Refusal("not_allowed", f"A rehearsal writes nothing: {verb} {path} was not sent.")
        return self._wire.send(verb, path, query, body, accept, token)


class NotedHub(GitHub):
    """Notes what would be written of issues."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        self.noted: list[str] = []

    def create_issue(self, title: str, body: str, labels: tuple[str, ...] = ()) -> Issue:
        self.noted.append(f"would file an issue: {line(title, 200)}")
        return Issue(number=0, title=title, body=body, author=SELF, state="open", labels=labels)

    def edit_issue(self, number: int, body: str = "", state: str = "") -> None:
        issue = self.issue(number)
        if state and state != issue.state:
            self.noted.append(
                f"would {'close' if state == 'closed' else 'open again'} #{number}: {line(issue.title, 200)}"
            )
        elif _plain(issue.body) != _plain(body):
            self.noted.append(f"would change #{number}: {line(issue.title, 200)}")

    def comment(self, number: int, body: str) -> Comment:
        return Comment(id=0, author=SELF, body=body, created="", updated="")

    def ensure_label(self, name: str, color: str, description: str) -> None:
        """Made with the first issue that has it."""


class _AnySeal(Markers):
    """Without the key of the ship jobs no seal can be checked: what a bot posted with our form counts as ours."""

    def find(self, body: str) -> tuple[str, str] | None:
        return marked(body)

    @property
    def sealed(self) -> bool:
        return True


class _Imagined(SharedBooks):
    """What is appended is remembered here, and not pushed."""

    imagined: tuple[Row, ...] = ()

    def read(self) -> Books:
        books = super().read()
        return replace(books, rows=(*books.rows, *self.imagined))

    def append(self, decide: Decide) -> Booked:
        rows = self.read().rows
        known = {row.id for row in rows}
        added = tuple(row for row in decide(rows) if row.id not in known)
        self.imagined = (*self.imagined, *added)
        return Booked((*rows, *added), added)


def _hub(repo: str, environment: Mapping[str, str], clock: Clock) -> NotedHub:
    origin = api_origin(environment.get("GITHUB_API_URL") or "https://api.github.com")
    wire = OnlyReads(PyGithubWire(origin))
    return NotedHub(Caller(repo, wire, tokens_for(repo, origin, environment), Limits(clock), origin))


def _site(hub: NotedHub, repo: str, found: Catch, settings: Settings, environment: Mapping[str, str], clock: Clock,
          scratch: Path) -> Site:  # fmt: skip
    server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
    now = clock.now()
    ticket = Ticket(repo=repo, purpose="hunt", event="rehearsal", actor="rehearsal", actor_id=0, role="none", issue=0,
                    base_sha=found.commit, issued=now)  # fmt: skip
    context = JobContext(
        event="rehearsal", payload={}, repo=repo, run_id=0, attempt=1, sha=found.commit, ref=found.ref, workflow="",
        job="rehearsal", api_url=hub.caller.origin, server_url=server, workspace=scratch, temp=scratch,
        environment=environment,
    )  # fmt: skip
    key = environment.get("FACTORY_MARKER_KEY", "")
    markers = Markers(key, repo) if key else _AnySeal("", repo)
    effects = CleanEffects(hub, markers, clock, ticket.task, hygiene_of(ticket, server, repo, environment))
    url = f"{repository_url(f'{server}/{repo}')}.git"
    books = _Imagined(scratch / "factory-books.git", url, hub.caller.tokens.token(), clock)
    return Site(context=context, settings=settings, ticket=ticket, clock=clock, hub=hub, effects=effects,
                pushing=effects, tokens=hub.caller.tokens, books=books, git_url=url)  # fmt: skip


def _themes(here: Site, found: Catch) -> tuple[list[str], frozenset[str]]:
    """(what becomes of each theme, findings that are spoken for: no issue is filed for them)."""
    rows = here.books.read().rows
    room = places_left(rows, here.settings.hunt.pulls_a_day, here.now)
    said, opened = [], 0
    for theme in found.themes:
        other = elsewhere(here.hub, rows, theme.findings, "", here.now)
        opened += not other
        said.append(f"{_named(theme)}: {other or _fate(opened, room, here.settings)}")
    ours = (each for theme in found.themes for each in theme.findings)
    return said, taken(here.hub, rows, here.now).union(ours)


def _named(theme: Theme) -> str:
    where = theme.package or "the root"
    return line(f"{theme.detector} in {where}, {many(len(theme.findings), 'finding')}, {theme.lines} lines", 200)


def _fate(place: int, room: int, settings: Settings) -> str:
    if place <= room:
        return "would open a pull request, unless the tests get worse."
    return f"waits for another day: hunt.pulls_a_day = {settings.hunt.pulls_a_day}."


def _errands(here: Site) -> list[str]:
    """Issues that the night would take up, if their author may start work: only the gate asks that."""
    rows = [row for row in wished(here.hub.issues(LABEL, "open"), here.now) if not row.duplicate_of]
    return [f"would take up #{row.issue.number}, if its author may start work: {line(row.issue.title, 200)}"
            for row in rows[: here.settings.hunt.top_issues]]  # fmt: skip


def _plain(body: str) -> str:
    """Without its marker, whose seal a rehearsal cannot make."""
    return strip(body).replace("\r\n", "\n").strip()
