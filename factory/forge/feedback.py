"""Reviews as feedback: a dispatch only says where to look; who wrote what is read from GitHub."""

import re
from collections.abc import Callable, Iterator

from factory.contracts.books import Row
from factory.contracts.errors import HubMissing
from factory.contracts.hub import Access, Comment, IssueReader, Person, PullInfo, PullReader, Review, ReviewNote
from factory.forge.commands import parse
from factory.forge.denied import Denied
from factory.forge.events import Asked, commanded
from factory.forge.postponed import is_wait, text_of
from factory.forge.remarks import standing_approval
from factory.forge.rounds import asker
from factory.forge.shown import Doorman

_PLACE = re.compile(r"/(?:issues|pull)/(\d{1,10})#issuecomment-\d+$")
OURS = "factory/"  # branches that the factory made, and the only ones that it revises


def with_feedback(
    asked: Asked, issues: IssueReader, pulls: PullReader, rows: Callable[[], tuple[Row, ...]], doorman: Doorman
) -> Asked:
    """What a review, a check or a comment that waited asks for, by whom. Raises Denied when it asks for nothing."""
    if asked.word:
        return _waited(asked, issues, rows())
    if asked.checks:
        return _after_checks(asked, pulls, rows, doorman)
    if not (asked.review or asked.note):
        return asked
    author, body, at = _found(asked, pulls)
    asked = asked.but(sender=author, at=at, text=body)
    command = parse(body)
    if command:
        return commanded(asked, command)
    _not_approved(asked, pulls, doorman)
    return asked


def _waited(asked: Asked, issues: IssueReader, rows: tuple[Row, ...]) -> Asked:
    """A comment that a gate has let in before, and that could not begin. Its words are GitHub's; one that was edited is
    no command any more."""
    row = next((row for row in reversed(rows) if is_wait(row) and row.event == asked.event), None)
    try:
        found = issues.one_comment(asked.word) if row else None
    except HubMissing:
        found = None
    at = _PLACE.search(found.url) if found else None
    command = parse(found.body) if found and found.updated == found.created else None
    if not found or not row or not command or not at or int(at[1]) != (asked.pull or asked.issue):
        raise Denied("not_for_us", why="No such comment waits here, or it was edited.")
    return commanded(
        asked.but(sender=found.author, at=found.created, text=found.body, comment=found.id, word=0,
                  text_was=text_of(row) if asked.issue else ""), command
    )  # fmt: skip


def _after_checks(asked: Asked, pulls: PullReader, rows: Callable[[], tuple[Row, ...]], doorman: Doorman) -> Asked:
    """In the name of who asked last, as far as that person may still ask; for the head as it is now."""
    before = asker(rows(), asked.pull)
    try:
        there = before is not None and pulls.pull(asked.pull).head_sha == asked.checks
    except HubMissing:
        there = False
    if before is None or not there:
        raise Denied("not_for_us", why="Nobody asked for this pull request, or its branch has moved.")
    _not_approved(asked, pulls, doorman)
    bot = before.actor in doorman.bots
    return asked.but(sender=Person(login=before.actor, id=before.actor_id, kind="Bot" if bot else "User"))


def _not_approved(asked: Asked, pulls: PullReader, doorman: Doorman) -> None:
    """An approval ends the loop, until somebody asks for changes or commands. Raises Denied, and nothing is said."""
    if standing_approval(pulls.reviews(asked.pull), lambda review: doorman.admits(review.author)):
        raise Denied("not_for_us", why="The pull request is approved: its loop has ended.")


def _found(asked: Asked, pulls: PullReader) -> tuple[Person, str, str]:
    if asked.note:
        for _, comment in pulls.review_comments(asked.pull):
            if comment.id == asked.note:
                return comment.author, comment.body, comment.created
    else:
        for review in pulls.reviews(asked.pull):
            if review.id == asked.review and review.state in ("CHANGES_REQUESTED", "COMMENTED"):
                return review.author, review.body, review.submitted
    raise Denied("not_for_us", why="There is no such review, or it asks for no change.")


def revisable(asked: Asked, pull: PullInfo, repo: str) -> None:
    """Raises Denied for a branch that is not the factory's."""
    if pull.head_repo.lower() != repo.lower() or not pull.head.startswith(OURS):
        say = f"Only branches of this repository that begin with `{OURS}` are revised." if asked.command else ""
        raise Denied("not_for_us", say, f"#{pull.number} is not on a branch of the factory's.")


def base_of(pull: PullInfo, access: Access, default: str, head: str) -> str:
    """The head of the pull request's base as it is now: what GitHub says beside the pull request is as old as the last
    push to its branch, and a conflict is with what came since. `default`, `head`: the default branch and its head."""
    return (head if pull.base == default else access.head(pull.base)) or pull.base_sha


def as_comments(notes: Iterator[tuple[ReviewNote, Comment]], reviews: Iterator[Review]) -> Iterator[Comment]:
    """Inline comments with the place they stand at, and what reviews say beside them."""
    for note, comment in notes:
        yield comment.but(body=f"On {' '.join(note.path.split())}:{note.line}:\n\n{comment.body}")
    for review in reviews:
        if review.body.strip() and review.submitted:
            at = review.submitted
            yield Comment(id=review.id, author=review.author, body=review.body, created=at, updated=at)
