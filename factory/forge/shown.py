"""What models may be shown of an issue: what people who may command it saw on its page before they did.

Title, body, and comments of people with write access that were last touched before the trigger. The text is data: it
is cut to a size, what a page hides is taken out of it, and nothing in it is interpreted.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from factory.contracts.hub import Comment, Person
from factory.contracts.record import Record, digest
from factory.forge.commands import parse
from factory.forge.hidden import uncovered

MAX_BODY = 40_000  # characters of an issue's body
MAX_COMMENT = 10_000
MAX_ALL = 60_000
MOST_COMMENTS = 300  # that are looked at; three pages
MOST_PEOPLE = 5  # whose role is asked for
RAW = 2  # a text this many times its cap is cut before anything else is done with it
MARK = "<!-- factory:v1"  # the factory's own words are never shown as somebody's
CUT = "\n\n[cut here: {left:,} characters were left out]"


class Shown(Record):
    """The snapshot and what is not in it, for the status comment."""

    text: str
    removed: dict[str, int] = {}  # what a page hides: kind -> how many
    notices: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def said(self) -> tuple[str, ...]:
        """All that is not in it, a phrase each, without anybody's words."""
        return (*(f"{count:,} {kind} taken out" for kind, count in sorted(self.removed.items())), *self.notices)


class Doorman:
    """Whose comments may be shown. Roles are asked for once a person, and only for so many people."""

    def __init__(self, known: Iterable[str], bots: Iterable[str], may_write: Callable[[str], bool]) -> None:
        self.known = dict.fromkeys(known, True)
        self.bots = frozenset(bots)
        self.may_write = may_write
        self.asked = 0

    def admits(self, author: Person) -> bool:
        if author.kind != "User" or author.login.endswith("[bot]"):
            return author.login in self.bots
        if author.login not in self.known:
            self.asked += 1
            self.known[author.login] = self.asked <= MOST_PEOPLE and self.may_write(author.login)
        return self.known[author.login]


def snapshot(title: str, body: str, comments: Iterable[Comment], until: str, doorman: Doorman) -> Shown:
    """`until`: when the trigger was set, ISO 8601; "" = now. `comments` are read page by page, and no further than
    what is shown needs."""
    removed: Counter[str] = Counter()
    notices: list[str] = []
    head = " ".join(_part(title, 256, "title", removed, notices).split())
    parts = [f"# {head or 'Untitled'}\n\n{_part(body, MAX_BODY, 'body', removed, notices)}"]
    strangers = late = 0
    for number, comment in enumerate(comments):
        if number >= MOST_COMMENTS or sum(map(len, parts)) > MAX_ALL:
            notices.append(f"comments after the first {number} were left out")
            break
        body = remarks(comment.body)
        if MARK in comment.body or not body:
            continue
        if not _before(comment, until):
            late += 1
        elif not doorman.admits(comment.author):
            strangers += 1
        else:
            text = _part(body, MAX_COMMENT, f"comment of {comment.created[:16]}", removed, notices)
            parts.append(f"## Comment by {comment.author.login}, {comment.created[:16]}\n\n{text}")
    notices += _left_out(strangers, late)
    return Shown(text=_whole(parts, notices), removed=dict(removed), notices=tuple(notices))


def _part(text: str, limit: int, name: str, removed: Counter[str], notices: list[str]) -> str:
    """One text as a page shows it, within its limit."""
    plain, found = uncovered(text[: limit * RAW])
    removed.update(found)
    plain = plain.strip()
    left = len(plain) - limit + max(len(text) - limit * RAW, 0)
    if len(plain) <= limit and len(text) <= limit * RAW:
        return plain
    notices.append(f"the {name} was cut: {max(left, 0):,} characters are not shown")
    return plain[:limit].rstrip() + CUT.format(left=max(left, 0))


def _before(comment: Comment, until: str) -> bool:
    """Written and last edited no later than the trigger. GitHub gives whole seconds; what is no time counts as late."""
    try:
        return not until or all(
            moment(at) <= moment(until) for at in (comment.created, comment.updated or comment.created)
        )
    except ValueError:
        return False


def moment(text: str) -> datetime:
    """A time as GitHub writes it. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def remarks(body: str) -> str:
    """A comment without its command: what stands below that is meant for whoever works."""
    rest = body.strip().partition("\n")[2] if parse(body) else body
    return rest.strip()


def _whole(parts: list[str], notices: list[str]) -> str:
    text = "\n\n".join(parts)
    if len(text) > MAX_ALL:
        notices.append(f"the whole was cut to {MAX_ALL:,} characters")
        text = text[:MAX_ALL].rstrip() + CUT.format(left=len(text) - MAX_ALL)
    return text + "\n"


def _left_out(strangers: int, late: int) -> list[str]:
    found = []
    if strangers:
        found.append(f"{strangers:,} comments by people without write access were left out")
    if late:
        found.append(f"{late:,} comments written or edited after the trigger were left out")
    return found
