"""Secrets are taken out of what leaves for a cloud endpoint; what stays on the box is sent as it is.

A placeholder is a keyed hash of the secret, so that a secret has the same one in every request of a run and no table
of them is kept anywhere. It is put back in one place only: in an edit of a file that held that very secret.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from factory.contracts.model import Message, Request
from factory.llm.environment import WORDY
from factory.llm.secret_forms import SHORTEST, secrets_in
from factory.occurrences import Occurrences, Span, merged

PLACEHOLDER = re.compile(r"\[redacted-[0-9a-f]{10}\]")
_VALUE = re.compile(r"['\"`]$|[=:]\s*$")  # what stands before a value


@dataclass(frozen=True)
class Redaction:
    """`key` belongs to one run and is never sent; `values` are secrets by their exact value."""

    key: bytes
    values: tuple[str, ...] = ()

    def request(self, request: Request) -> Request:
        """The request without secrets in any text that a model is sent. What one text gives away is hidden in all."""
        also = self.found(text for message in request.messages for text in texts_of(message))
        if not also:
            return request

        def clean(text: str) -> str:
            return self.redacted(text, also)[0]

        messages = tuple(
            message.but(
                text=clean(message.text),
                calls=tuple(
                    call.but(name=_name(clean(call.name)), arguments=clean(call.arguments)) for call in message.calls
                ),
            )
            for message in request.messages
        )
        return request.but(messages=messages)

    def found(self, texts: Iterable[str]) -> "Sought":
        """What stands in any of the texts and is a secret, as far as that can be seen."""
        return Sought((secret for text in texts for secret in secrets_in(text, self.values)), self.values)

    def text(self, text: str) -> str:
        return self.redacted(text)[0]

    def secrets(self, text: str) -> dict[str, str]:
        """What `text` takes out of it: placeholder -> secret."""
        return self.redacted(text)[1]

    def put_back(self, text: str, held: Iterable[str]) -> tuple[str, tuple[str, ...]]:
        """`text` with the placeholders of secrets that stand in `held`, and those of other secrets, left as they are.

        A placeholder that stands in `held` itself is neither: there it is text like any other.
        """
        texts = tuple(held)
        known = {name: secret for each in texts for name, secret in self.secrets(each).items()}
        found = dict.fromkeys(PLACEHOLDER.findall(text))
        foreign = tuple(name for name in found if name not in known and not any(name in each for each in texts))
        return PLACEHOLDER.sub(lambda match: known.get(match[0], match[0]), text), foreign

    def redacted(self, text: str, also: "Sought | None" = None) -> tuple[str, dict[str, str]]:
        """(the text, what was taken out by placeholder). `also` are secrets that other texts gave away.

        Until nothing more is found: without one secret, what stands beside it may read as another.
        """
        table: dict[str, str] = {}
        while spans := _spans(text, self._places(text, also)):
            parts, at = [], 0
            for start, end in spans:
                name = self._name(text[start:end])
                table[name] = text[start:end]
                parts += [text[at:start], name]
                at = end
            text = "".join((*parts, text[at:]))
        return text, table

    def _places(self, text: str, also: "Sought | None") -> set[Span]:
        own = secrets_in(text, self.values)
        if also is None:
            return set(Sought(own, self.values).places(text))
        more = [secret for secret in own if secret not in also.secrets]
        return {*also.places(text), *Sought(more, self.values).places(text)}

    def _name(self, secret: str) -> str:
        return f"[redacted-{hmac.digest(self.key, secret.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:10]}]"


class Sought:
    """Secrets, and where they stand. `exact` are hidden everywhere; an ordinary word that is only called a password,
    only where it stands as a value."""

    def __init__(self, secrets: Iterable[str], exact: Sequence[str]) -> None:
        self.secrets = frozenset(secrets)
        words = {one for one in self.secrets if len(one) < WORDY and one.isalpha() and one not in exact}
        self._words, self._others = Occurrences(words), Occurrences(self.secrets - words)

    def __bool__(self) -> bool:
        return bool(self.secrets)

    def places(self, text: str) -> Iterator[Span]:
        yield from self._others.places(text)
        for start, end in self._words.places(text):
            if _VALUE.search(text, max(0, start - 8), start):
                yield start, end


def texts_of(message: Message) -> Iterator[str]:
    """All of a message that a model or a stranger may have written."""
    yield message.text
    for call in message.calls:
        yield call.name
        yield call.arguments


def _name(text: str) -> str:
    """A tool's name, which no server takes with brackets in it."""
    return PLACEHOLDER.sub(lambda match: match[0][1:-1], text)


def _spans(text: str, places: Iterable[Span]) -> list[Span]:
    """Where secrets stand, in order: those that overlap as one, and nothing of a placeholder."""
    found = merged(places)
    taken = [match.span() for match in PLACEHOLDER.finditer(text)] if found else []
    return [part for part in _outside(found, taken) if part[1] - part[0] >= SHORTEST]


def _outside(spans: Sequence[Span], taken: Sequence[Span]) -> Iterator[Span]:
    """What is left of spans beside those that are taken already; both in order. Nothing is left of some parts: they
    end where they begin, or before."""
    n = 0
    for at, stop in spans:
        while n < len(taken) and taken[n][0] < stop:
            yield at, taken[n][0]
            at = max(at, taken[n][1])
            if at > stop:  # it reaches into the next span
                break
            n += 1
        yield at, stop


def unless_secret(values: tuple[str, ...]) -> Callable[[str], str]:
    """A text as it is, or "" when it holds a secret: for words that nobody needs enough to keep a part of them."""
    return lambda text: "" if secrets_in(text, values) else text
