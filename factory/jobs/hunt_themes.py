"""The hunt's pull requests: each theme's bundle through the same checks and effects as every other bundle.

A theme is known by its findings, so the same theme of another night is the same branch and the same pull request; the
books say which findings are on one.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from factory.contracts.books import Row
from factory.contracts.catch import Mended, Night, Theme
from factory.contracts.ticket import Ticket
from factory.jobs.clean import CleanEffects
from factory.jobs.hunt_books import elsewhere, places_left
from factory.jobs.ship import brought
from factory.jobs.wire import Site


@dataclass(frozen=True)
class Opened:
    """What became of one theme."""

    theme: str
    sentence: str
    findings: tuple[str, ...] = ()  # that a pull request has now
    pull: int = 0
    failed: bool = False


def open_themes(here: Site, night: Night, folder: Path) -> tuple[Opened, ...]:
    """In the order of the night, at most hunt.pulls_a_day new ones a UTC day. Raises HubProblem."""
    themes = {theme.id: theme for theme in night.catch.themes}
    return tuple(_one(here, themes[each.theme], each, folder) for each in night.mended if each.theme in themes)


def _one(here: Site, theme: Theme, made: Mended, folder: Path) -> Opened:
    ticket = here.ticket.of_theme(theme.id)
    if made.run != ticket.run:
        return Opened(theme.id, "Its bundle is of another run: not acted on.", failed=True)
    rows = here.books.read().rows
    mended = tuple(each for each in theme.findings if each in made.findings)
    said = elsewhere(here.hub, rows, mended, ticket.run, here.now)
    if said:
        return Opened(theme.id, said)
    if not _place(here, mended, ticket):
        return Opened(theme.id, f"Waits for another day: hunt.pulls_a_day = {here.settings.hunt.pulls_a_day}.")
    shipped = brought(_site(here, ticket), folder / theme.id, made.digest)
    if shipped.pull:
        here.books.append(lambda _: (_row(here, ticket, "pull", "").but(pull_made=shipped.pull),))
    calm = shipped.code in ("delivered", "nothing_to_do", "cancelled_by_human")
    words = f"pull request {shipped.pull}: {shipped.sentence}" if shipped.pull else shipped.sentence
    return Opened(theme.id, words, mended if calm else (), shipped.pull, failed=not calm)


def _place(here: Site, mended: tuple[str, ...], ticket: Ticket) -> bool:
    """A place among today's, written before anything is pushed. A theme that had one goes on where it was."""

    def wanted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        free = places_left(rows, here.settings.hunt.pulls_a_day, here.now) > 0
        return (_row(here, ticket, "mend", " ".join(mended)),) if free else ()

    return any(row.id == f"{ticket.run}.mend" for row in here.books.append(wanted).rows)


def _row(here: Site, ticket: Ticket, what: str, why: str) -> Row:
    return Row(
        id=f"{ticket.run}.{what}", kind="note", run=ticket.run, event=ticket.event, purpose="hunt", issue=0,
        actor=ticket.actor, at=here.now, github_run=here.context.run_id, base_sha=ticket.base_sha, why=why,
    )  # fmt: skip


def _site(here: Site, ticket: Ticket) -> Site:
    """The same job as the theme's run has it."""

    def of(effects: CleanEffects) -> CleanEffects:
        again = here.context.attempt > 1
        return CleanEffects(effects.hub, effects.markers, here.clock, ticket.task, effects.hygiene, again=again)

    return replace(here, ticket=ticket, effects=of(here.effects), pushing=of(here.pushing))
