"""What ship jobs do on GitHub, each thing once: found by marker, head branch or key, else made. A second run of any
job changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from factory.contracts.errors import HubMissing, HubRefused, HubUnreachable
from factory.contracts.hub import Annotation, Comment, Issue, Person, PullInfo, Review, ReviewNote, Ship
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.forge.markers import Markers
from factory.forge.once import Once

EVERY = 20.0  # seconds between two edits of the status comment
DISPATCHED = 40.0  # seconds until a dispatched run shows itself


@dataclass
class _Status:
    comment: int
    shown: str
    at: float  # monotonic; -inf: not edited by this process


class Effects:
    """For one run in one repository. `again`: this is not the job's first attempt. `since`: when the run began, by
    GitHub's clock; older comments are not looked through."""

    def __init__(self, hub: Ship, markers: Markers, clock: Clock, run: str, *, again: bool = False,
                 since: str = "") -> None:  # fmt: skip
        self.hub = hub
        self.markers = markers
        self.run = run
        self._clock = clock
        self._since = since
        self._once = Once(clock, again)
        self._status: dict[int, _Status] = {}

    # comments

    def status(self, number: int, body: str, *, comment: int = 0, last: bool = False) -> int:
        """The run's one sticky comment on an issue or pull request shows `body`; its id. An edit comes at most every
        20 seconds: one in between is left out, except the `last`, which waits its turn. `comment`: its id, if known."""
        text = self._sign(body, "status")
        known = self._status.get(number)
        if known is None:
            known = self._status[number] = self._sticky(number, text, comment)
        if known.shown == _plain(text):
            return known.comment
        rest = known.at + EVERY - self._clock.monotonic()
        if rest > 0 and not last:
            return known.comment
        self._clock.sleep(max(rest, 0.0))
        return self._edit(number, known, text)

    def _sticky(self, number: int, text: str, comment: int) -> _Status:
        made: list[Comment] = []

        def create() -> Comment:
            made.append(self.hub.comment(number, text))
            return made[0]

        found = self._known(comment) or self._once(lambda: self._found(number, "status"), create)
        return _Status(found.id, _plain(found.body), self._clock.monotonic() if made else float("-inf"))

    def _known(self, comment: int) -> Comment | None:
        try:
            found = self.hub.one_comment(comment) if comment else None
        except HubMissing:
            return None
        return found if found and self.ours(found.author, found.body, "status") else None

    def _edit(self, number: int, known: _Status, text: str) -> int:
        try:
            self.hub.edit_comment(known.comment, text)
        except HubMissing:  # somebody deleted it: the last word is said all the same
            known.comment = self._once(lambda: self._found(number, "status"), lambda: self.hub.comment(number, text)).id
        known.shown, known.at = _plain(text), self._clock.monotonic()
        return known.comment

    def say(self, number: int, kind: str, body: str) -> Comment:
        """A comment of this kind, once for the run. One that is there stays as it is."""
        text = self._sign(body, kind)
        return self._once(lambda: self._found(number, kind), lambda: self.hub.comment(number, text))

    def _found(self, number: int, kind: str) -> Comment | None:
        rows = self.hub.comments(number, self._since)
        return next((row for row in rows if self.ours(row.author, row.body, kind)), None)

    # issues and pull requests

    def tracking(self, title: str, body: str, labels: tuple[str, ...], kind: str = "tracking",
                 reopen: Callable[[str], bool] = lambda before: False) -> Issue:  # fmt: skip
        """The run's tracking issue, or its one of another kind; its first label narrows the look-up. An existing one
        gets the new text. `reopen`: does what stood there before say that a closed one opens? In the same request."""
        text = self._sign(body, kind)
        label = labels[0] if labels else ""

        def find() -> Issue | None:
            rows = self.hub.issues(label, "all")
            return next((row for row in rows if not row.is_pull and self.ours(row.author, row.body, kind)), None)

        issue = self._once(find, lambda: self.hub.create_issue(title, text, labels))
        state = "open" if issue.state == "closed" and reopen(issue.body) else ""
        if state or _plain(issue.body) != _plain(text):
            self.hub.edit_issue(issue.number, text, state)
        return issue.but(body=text, state=state or issue.state)

    def pull(self, title: str, body: str, head: str, base: str, draft: bool) -> PullInfo:
        """The run's pull request: by head branch, then by marker; shows this title, body and draft state. One that a
        person closed stays closed and is returned as it is."""
        text = self._sign(body, "pull")
        found = self._once(lambda: self.find_pull(head), lambda: self._open(title, text, head, base, draft))
        return self.edit_pull(found, title, body, draft)

    def edit_pull(self, found: PullInfo, title: str, body: str, draft: bool) -> PullInfo:
        """Show this, if it does not yet. A closed one is left alone."""
        text = self._sign(body, "pull")
        if found.state == "closed":
            return found
        if found.title != title or _plain(found.body) != _plain(text):
            found = self.hub.edit_pull(found.number, title, text)
        return self._drafted(found, draft)

    def _drafted(self, found: PullInfo, draft: bool) -> PullInfo:
        """Where drafts do not exist a pull request stays ready: its text says that it is none."""
        try:
            self.hub.set_draft(found, draft)
        except HubRefused:
            if not draft:
                raise
            return found
        return found.but(draft=draft)

    def find_pull(self, head: str = "") -> PullInfo | None:
        """An open one from the branch, else a closed one from it with this run's marker. Without a branch: an open
        one with the marker."""
        rows = list(self.hub.pulls(head, "all" if head else "open"))
        mine = [row for row in rows if self.ours(row.author, row.body, "pull")]
        opened = [row for row in (rows if head else mine) if row.state == "open"]
        return next(iter(opened + mine), None)

    def _open(self, title: str, text: str, head: str, base: str, draft: bool) -> PullInfo:
        """Private repositories on free plans know no drafts: then it is opened ready, and the text says what it is.
        One that exists, though no list shows it yet, is looked for again."""
        try:
            return self.hub.open_pull(title, text, head, base, draft)
        except HubRefused as problem:
            if "already exists" in str(problem):
                raise HubUnreachable(str(problem), problem.status) from None
            if not draft or "draft" not in str(problem).lower():
                raise
        return self.hub.open_pull(title, text, head, base, False)

    def review(self, number: int, commit: str, reviewer: str, body: str, notes: tuple[ReviewNote, ...]) -> Review:
        """One review a head commit and reviewer, never a second. Notes that GitHub cannot place go into the text."""
        kind = f"review-{commit[:12]}-{reviewer}"

        def find() -> Review | None:
            return next((row for row in self.hub.reviews(number) if self.ours(row.author, row.body, kind)), None)

        def create() -> Review:
            try:
                return self.hub.review(number, commit, self._sign(body, kind), notes)
            except HubRefused as problem:
                if not notes or problem.status != 422:
                    raise
            return self.hub.review(number, commit, self._sign(_with(body, notes), kind), ())

        return self._once(find, create)

    # the rest

    def check(self, name: str, commit: str, key: str, conclusion: str, title: str, summary: str,
              notes: tuple[Annotation, ...] = ()) -> int:  # fmt: skip
        """The check run with this key, complete: what an earlier attempt or a lost answer left out is added."""
        whole: list[int] = []

        def make() -> int:
            whole.append(self.hub.check_run(name, commit, key, conclusion, title, summary, notes))
            return whole[0]

        number = self._once(lambda: self.hub.find_check(name, commit, key) or None, make)
        return number if whole else self._once(lambda: None, make)

    def label(self, number: int, *names: str) -> None:
        self.hub.add_labels(number, *names)

    def unlabel(self, number: int, name: str) -> None:
        self.hub.remove_label(number, name)

    def react(self, content: str, issue: int = 0, comment: int = 0, review_comment: int = 0) -> None:
        self.hub.react(content, issue, comment, review_comment)

    def dispatch(self, event_type: str, payload: Json, key: str) -> int:
        """Start a run by repository_dispatch, once: its workflow's run-name shows `key`. The run's id, 0: not seen
        yet."""

        def find() -> int | None:
            rows = self.hub.workflow_runs("", event="repository_dispatch", since=self._since)
            return next((row.id for row in rows if key in row.name.split()), None)

        def send() -> int:
            self.hub.dispatch(event_type, payload)
            return 0

        return self._once(find, send, lag=DISPATCHED)

    def ours(self, author: Person, body: str, kind: str) -> bool:
        """Did this run make it? A seal can be copied from a visible comment, so a person's text never counts unless
        that person is who we write as."""
        if self.markers.find(body) != (self.run, kind):
            return False
        return author.login == self.hub.own_login() or (self.markers.sealed and author.kind == "Bot")

    def signed(self, body: str, kind: str) -> str:
        """A body as it would be posted."""
        return self._sign(body, kind)

    def _sign(self, body: str, kind: str) -> str:
        return self.markers.sign(body, self.run, kind)


def _plain(body: str) -> str:
    """As GitHub may give it back."""
    return body.replace("\r\n", "\n").strip()


def _with(body: str, notes: tuple[ReviewNote, ...]) -> str:
    rows = [f"**{note.path}:{note.start or note.line}**\n\n{note.body}" for note in notes]
    return "\n\n".join([body.rstrip(), *rows])
