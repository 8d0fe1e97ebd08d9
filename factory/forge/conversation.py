"""What a revision says to people: one answer a thread, one comment a pull request that shows the newest state.

Each once: an answer's key is the newest words that it answers, so that the same words are never answered twice.
"""

from factory.contracts.errors import HubForbidden, HubMissing
from factory.contracts.feedback import Conversation
from factory.contracts.hub import MAX_TEXT, Comment
from factory.forge.effects import Effects
from factory.forge.once import Once


class Answers:
    """For one run. `pull_wide`: the effects under the pull request's own name, which every revision shares."""

    def __init__(self, hub: Conversation, effects: Effects, pull_wide: Effects, once: Once) -> None:
        self._hub = hub
        self._effects = effects
        self._wide = pull_wide
        self._once = once

    def reply(self, number: int, first: int, last: int, body: str) -> None:
        """Below the thread that `first` began; `last` is the comment that is answered. Once."""
        kind = f"reply-{last}"
        text = self._effects.signed(body, kind)

        def find() -> Comment | None:
            rows = (each.comment for each in self._hub.inline_comments(number) if each.reply_to == first)
            return next((row for row in rows if self._effects.ours(row.author, row.body, kind)), None)

        def create() -> Comment | None:
            self._hub.reply(number, first, text)
            return None

        self._once(find, create)

    def resolve(self, thread: str) -> str:
        """Why it stays open all the same, "" = it is resolved."""
        try:
            self._hub.resolve(thread)
        except HubForbidden:
            return "the token may not resolve threads (contents: write)"
        except HubMissing:
            return "it is gone"
        return ""

    def summary(self, number: int, body: str) -> None:
        """The pull request's one comment on its revisions: edited, not posted again."""
        text = self._wide.signed(body, "revisions")[:MAX_TEXT]

        def find() -> Comment | None:
            rows = self._hub.comments(number)
            return next((row for row in rows if self._wide.ours(row.author, row.body, "revisions")), None)

        found = self._once(find, lambda: self._hub.comment(number, text))
        if found and found.body.replace("\r\n", "\n").strip() != text.strip():
            self._hub.edit_comment(found.id, text)
