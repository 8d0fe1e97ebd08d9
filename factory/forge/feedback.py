"""Reviews as feedback: a dispatch only says where to look; who wrote what is read from GitHub."""

from collections.abc import Iterator

from factory.contracts.hub import Comment, Person, PullInfo, PullReader, Review, ReviewNote
from factory.forge.commands import parse
from factory.forge.denied import Denied
from factory.forge.events import Asked, commanded

OURS = "factory/"  # branches that the factory made, and the only ones that it revises


def with_feedback(asked: Asked, pulls: PullReader) -> Asked:
    """What a review asks for, by whom. Raises Denied when it asks for nothing."""
    if not (asked.review or asked.note):
        return asked
    author, body, at = _found(asked, pulls)
    asked = asked.but(sender=author, at=at, text=body)
    command = parse(body)
    return commanded(asked, command) if command else asked


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


def as_comments(notes: Iterator[tuple[ReviewNote, Comment]], reviews: Iterator[Review]) -> Iterator[Comment]:
    """Inline comments with the place they stand at, and what reviews say beside them."""
    for note, comment in notes:
        yield comment.but(body=f"On {' '.join(note.path.split())}:{note.line}:\n\n{comment.body}")
    for review in reviews:
        if review.body.strip() and review.submitted:
            at = review.submitted
            yield Comment(id=review.id, author=review.author, body=review.body, created=at, updated=at)
