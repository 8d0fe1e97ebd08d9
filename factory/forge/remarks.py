"""What people want of a pull request, as remarks: open threads, reviews, words under `/factory fix`.

Only words of people who may command count, as the page shows them, up to the moment of the trigger. What the factory
has answered and nobody has come back to is no demand any more, nor is a thread that somebody resolved.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from factory.contracts.feedback import MAX_WORDS, InlineComment, Remark, Thread
from factory.contracts.hub import Comment, Review
from factory.forge.commands import parse
from factory.forge.hidden import HIDDEN, uncovered
from factory.forge.shown import CUT, MARK, RAW, Doorman, moment, remarks

_SUGGESTION = re.compile(r"^ {0,3}(`{3,}|~{3,})suggestion[ \t]*\n(.*?)^ {0,3}\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)
_INVISIBLE = re.compile(f"[{HIDDEN}\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Reading:
    """Whose words count, and from when to when: `since` what the last revision has seen ("": all), `until` the
    trigger."""

    doorman: Doorman
    own: str  # the login that we write as
    since: str = ""
    until: str = ""

    def heard(self, comment: Comment) -> bool:
        """May its words be shown, and were they there before the trigger?"""
        if self.ours(comment) or not _between("", comment.created, self.until):
            return False
        return _between("", comment.updated or comment.created, self.until) and self.doorman.admits(comment.author)

    def ours(self, comment: Comment) -> bool:
        return MARK in comment.body or comment.author.login == self.own

    def fresh(self, comment: Comment) -> bool:
        return self.heard(comment) and _between(self.since, comment.created, "")


def _between(since: str, at: str, until: str) -> bool:
    """Whole seconds, as GitHub has them; what is no time is outside."""
    try:
        return (not since or moment(at) > moment(since)) and (not until or moment(at) <= moment(until))
    except ValueError:
        return False


def of_threads(
    comments: Iterable[InlineComment], states: Iterable[Thread], reviews: Sequence[Review], reading: Reading
) -> list[Remark]:
    """One for each thread that waits for us. The newest words decide who asks."""
    known = {state.first: state for state in states}
    demanded = {review.id for review in reviews if review.state == "CHANGES_REQUESTED"}
    threads: dict[int, list[InlineComment]] = {}
    for each in comments:
        threads.setdefault(each.reply_to or each.comment.id, []).append(each)
    found = []
    for first, said in sorted(threads.items()):
        state = known.get(first)
        open_ = None if state and state.resolved else _waiting(said, reading)
        if open_:
            must = any(each.review in demanded for each in said)
            found.append(_of_thread(first, said[0], open_, state.id if state else "", must))
    return found


def _waiting(said: list[InlineComment], reading: Reading) -> list[Comment]:
    """The words in a thread that count, when some of them came after our last answer."""
    said = sorted(said, key=lambda each: (each.comment.created, each.comment.id))
    last = max((n for n, each in enumerate(said) if reading.ours(each.comment)), default=-1)
    if not any(reading.heard(each.comment) and words(each.comment.body) for each in said[last + 1 :]):
        return []
    return [each.comment for each in said if reading.heard(each.comment) and words(each.comment.body)]


def _of_thread(first: int, place: InlineComment, said: list[Comment], node: str, must: bool) -> Remark:
    text = "\n\n".join(f"{each.author.login}: {words(each.body)}" if len(said) > 1 else words(each.body)
                       for each in said)  # fmt: skip
    proposed = next((found for each in reversed(said) if (found := suggestion(each.body)) is not None), None)
    exact = proposed is not None and place.line > 0 and place.side == "RIGHT"
    return Remark(
        key=f"thread-{first}", last=max(each.id for each in said), kind="thread", author=said[-1].author.login,
        must=must, text=capped(text), path=place.path[:1000], start=place.start or place.line, end=place.line,
        quote=quoted(place), suggestion=proposed if exact else None, thread=node,
        rule="suggestion" if exact else "requested-change" if must else "remark",
    )  # fmt: skip


def of_reviews(reviews: Iterable[Review], reading: Reading) -> list[Remark]:
    """The summaries of reviews since the last revision."""
    found = []
    for review in reviews:
        at = review.submitted
        told = Comment(id=review.id, author=review.author, body=review.body, created=at, updated=at)
        must = review.state == "CHANGES_REQUESTED"
        if (must or review.state == "COMMENTED") and reading.fresh(told) and words(review.body):
            found.append(_plain("review", told, must))
    return found


def of_comments(comments: Iterable[Comment], reading: Reading) -> list[Remark]:
    """What stands below `/factory fix`; where nothing does, the plain words since the last revision."""
    plain, below, bare = [], [], False
    for comment in comments:
        if not reading.fresh(comment):
            continue
        command, text = parse(comment.body), words(comment.body)
        verb = getattr(command, "verb", "")
        if verb in ("fix", "retry"):
            bare = bare or not text
            below += [_plain("comment", comment, True)] if text else []
        elif command is None and text:
            plain.append(_plain("comment", comment, False))
    return below + (plain if bare else [])


def _plain(kind: str, comment: Comment, must: bool) -> Remark:
    return Remark.model_validate({
        "key": f"{kind}-{comment.id}", "last": comment.id, "kind": kind, "author": comment.author.login, "must": must,
        "text": capped(words(comment.body)), "rule": "requested-change" if must else "remark",
    })  # fmt: skip


def standing_approval(reviews: Iterable[Review], counts: Callable[[Review], bool]) -> str:
    """When the pull request was last approved by somebody who counts, and nobody asks for changes since; "" = no.

    Each person's latest word stands; a later demand opens the loop again."""
    latest = {each.author.login: each for each in reviews
              if each.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED") and counts(each)}  # fmt: skip
    words_ = sorted(latest.values(), key=lambda each: (each.submitted, each.id))
    if not words_ or any(each.state == "CHANGES_REQUESTED" for each in words_):
        return ""
    return next((each.submitted for each in reversed(words_) if each.state == "APPROVED"), "")


def words(body: str) -> str:
    """A comment as its page shows it, without its command."""
    shown, _ = uncovered(remarks(body[: MAX_WORDS * RAW]))
    return shown.strip()


def capped(text: str) -> str:
    left = len(text) - MAX_WORDS
    return text if left <= 0 else text[:MAX_WORDS].rstrip() + CUT.format(left=left)


def suggestion(body: str) -> str | None:
    """The text of the last suggestion block, exactly; None when there is none or it holds what no page shows."""
    blocks = _SUGGESTION.findall(body.replace("\r\n", "\n"))
    if not blocks or len(blocks[-1][1]) > 20_000 or _INVISIBLE.search(blocks[-1][1]):
        return None
    return str(blocks[-1][1])


def quoted(place: InlineComment) -> str:
    """The line that was commented on: the last one of the hunk, on the side it was made on."""
    other = "-" if place.side == "RIGHT" else "+"
    rows = [row for row in place.hunk.split("\n") if row and not row.startswith((other, "@@", "\\"))]
    return rows[-1][1:][:2000] if rows else ""
