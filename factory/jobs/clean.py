"""Effects whose every text goes through the last filter: nothing mentions, closes, links elsewhere or leaks."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from factory.contracts.hub import Annotation, Issue, PullInfo, Review, ReviewNote, Ship
from factory.contracts.seams import Clock
from factory.contracts.ticket import Ticket
from factory.forge.effects import Effects
from factory.forge.hygiene import Home, Hygiene
from factory.forge.markers import Markers
from factory.forge.secret_values import Redaction, secret_values


class CleanEffects(Effects):
    """The same effects; titles, bodies, notes and annotations are cleaned before they are compared or sent."""

    def __init__(self, hub: Ship, markers: Markers, clock: Clock, run: str, hygiene: Hygiene, *, again: bool = False,
                 since: str = "") -> None:  # fmt: skip
        super().__init__(hub, markers, clock, run, again=again, since=since)
        self.hygiene = hygiene

    def may_name(self, *numbers: int) -> None:
        """Issues and pull requests of ours that texts may refer to from now on."""
        home = self.hygiene.home
        self.hygiene = Hygiene(replace(home, numbers=(*home.numbers, *numbers)), self.hygiene.redact)

    def tracking(self, title: str, body: str, labels: tuple[str, ...], kind: str = "tracking",
                 reopen: Callable[[str], bool] = lambda before: False) -> Issue:  # fmt: skip
        return super().tracking(self.hygiene.title(title), body, labels, kind, reopen)

    def pull(self, title: str, body: str, head: str, base: str, draft: bool) -> PullInfo:
        return super().pull(self.hygiene.title(title), body, head, base, draft)

    def edit_pull(self, found: PullInfo, title: str, body: str, draft: bool) -> PullInfo:
        return super().edit_pull(found, self.hygiene.title(title), body, draft)

    def review(self, number: int, commit: str, reviewer: str, body: str, notes: tuple[ReviewNote, ...]) -> Review:
        cleaned = tuple(note.but(body=self.hygiene.body(note.body)) for note in notes)
        return super().review(number, commit, reviewer, body, cleaned)

    def check(self, name: str, commit: str, key: str, conclusion: str, title: str, summary: str,
              notes: tuple[Annotation, ...] = ()) -> int:  # fmt: skip
        line = self.hygiene.line
        cleaned = tuple(note.but(title=line(note.title, 200), message=line(note.message, 4000)) for note in notes)
        return super().check(name, commit, key, conclusion, line(title, 200), self.hygiene.body(summary), cleaned)

    def _sign(self, body: str, kind: str) -> str:
        return super()._sign(self.hygiene.body(body), kind)


def hygiene_of(ticket: Ticket, server: str, repo: str, environment: Mapping[str, str]) -> Hygiene:
    """What one run's texts may point at: its own repository's pages, its issue and its pull request."""
    from factory.llm.secret_forms import secrets_in

    home = Home(server=server, repo=repo, numbers=tuple(n for n in (ticket.issue, ticket.pull) if n))
    return Hygiene(home, Redaction(secret_values(environment), secrets_in))
