"""Secrets are taken out of what leaves for a cloud endpoint; what stays on the box is sent as it is.

A placeholder is a keyed hash of the secret, so that a secret has the same one in every request of a run and no table
of them is kept anywhere. It is put back in one place only: in an edit of a file that held that very secret.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol

from factory.contracts.model import Message, Request
from factory.llm.environment import WORDY

SHORTEST = 6  # characters of a value worth hiding
PIECE, OVERLAP = 600, 200  # characters of a line searched at once for passwords, and shared by two pieces
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
PLACEHOLDER = re.compile(r"\[redacted-[0-9a-f]{10}\]")

_LINEAR = (
    re.compile(r"(?P<secret>eyJ[\w=-]++(?:\.[\w=-]++)++)|eyJ[\w=-]*+", re.ASCII),  # a JSON web token
    re.compile(r"(?P<secret>sk-[\w-]*[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})|sk-[\w-]*+", re.ASCII),
    re.compile(r"/:_authToken=[ \t]*+(?P<secret>npm_\S+|[A-Fa-f0-9-]{36})"),
)
"""For those of detect-secrets' patterns whose time is quadratic in a line. A word that failed once is passed over."""
_VALUE = re.compile(r"['\"`]$|[=:]\s*$")  # what stands before a value

Span = tuple[int, int]


@dataclass(frozen=True)
class Redaction:
    """`key` belongs to one run and is never sent; `values` are secrets by their exact value."""

    key: bytes
    values: tuple[str, ...] = ()

    def request(self, request: Request) -> Request:
        """The request without secrets in any text that a model is sent. What one text gives away is hidden in all."""
        also = self.found(text for message in request.messages for text in _texts(message))
        if not also:
            return request

        def clean(text: str) -> str:
            return self.redacted(text, also)[0]

        messages = tuple(
            message.but(
                text=clean(message.text),
                calls=tuple(call.but(arguments=clean(call.arguments)) for call in message.calls),
            )
            for message in request.messages
        )
        return request.but(messages=messages)

    def found(self, texts: Iterable[str]) -> tuple[str, ...]:
        """What stands in any of the texts and is a secret, as far as that can be seen."""
        return tuple(dict.fromkeys(secret for text in texts for secret in secrets_in(text, self.values)))

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

    def redacted(self, text: str, also: Sequence[str] = ()) -> tuple[str, dict[str, str]]:
        """(the text, what was taken out by placeholder). `also` are secrets that other texts gave away.

        Until nothing more is found: without one secret, what stands beside it may read as another.
        """
        table: dict[str, str] = {}
        while spans := _spans(text, (*also, *secrets_in(text, self.values)), self.values):
            parts, at = [], 0
            for start, end in spans:
                name = self._name(text[start:end])
                table[name] = text[start:end]
                parts += [text[at:start], name]
                at = end
            text = "".join((*parts, text[at:]))
        return text, table

    def _name(self, secret: str) -> str:
        return f"[redacted-{hmac.digest(self.key, secret.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:10]}]"


def _texts(message: Message) -> Iterator[str]:
    yield message.text
    for call in message.calls:
        yield call.arguments


def _spans(text: str, secrets: Iterable[str], exact: Sequence[str]) -> list[Span]:
    """Where secrets stand, in order: those that overlap as one, and nothing of a placeholder."""
    merged: list[Span] = []
    places = {span for secret in set(secrets) for span in _places(text, secret, secret in exact)}
    for start, end in sorted(places):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    taken = [match.span() for match in PLACEHOLDER.finditer(text)] if merged else []
    return [part for span in merged for part in _outside(span, taken) if part[1] - part[0] >= SHORTEST]


def _places(text: str, secret: str, exact: bool) -> Iterator[Span]:
    """Everywhere; an ordinary word that is only called a password, only where it stands as a value."""
    word = not exact and len(secret) < WORDY and secret.isalpha()
    at = text.find(secret)
    while at >= 0:
        if not word or _VALUE.search(text, max(0, at - 8), at):
            yield at, at + len(secret)
        at = text.find(secret, at + 1)


def _outside(span: Span, taken: Sequence[Span]) -> Iterator[Span]:
    """What is left of a span beside those that are taken already."""
    at, stop = span
    for start, end in taken:
        if start < stop and end > at:
            yield at, start
            at = end
    yield at, stop


class _Passwords(Protocol):
    def analyze_string(self, string: str) -> Iterable[str]: ...


def unless_secret(values: tuple[str, ...]) -> Callable[[str], str]:
    """A text as it is, or "" when it holds a secret: for words that nobody needs enough to keep a part of them."""
    return lambda text: "" if secrets_in(text, values) else text


@lru_cache(maxsize=512)
def secrets_in(text: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """In the order in which they stand in the text."""
    return tuple(sorted({*formats_in(text, values), *passwords_in(text)}, key=text.find))


def formats_in(text: str, values: tuple[str, ...] = ()) -> tuple[str, ...]:
    """`values` and what has the form of a key that somebody issued, in the order in which they stand in the text."""
    found = {value for value in values if len(value) >= SHORTEST and value in text}
    found.update(match.group() for match in PRIVATE_KEY.finditer(text))
    found.update(match["secret"] for pattern in _LINEAR for match in pattern.finditer(text) if match["secret"])
    for line in dict.fromkeys(text.splitlines()):
        for pattern in _patterns():
            found.update(match.group() for match in pattern.finditer(line))
    return tuple(sorted(found, key=text.find))


def passwords_in(text: str) -> tuple[str, ...]:
    """Quoted values of what is called a password, a secret, a token and the like: often only an example."""
    found = (hit for piece in dict.fromkeys(_pieces(text)) for hit in _passwords().analyze_string(piece))
    return tuple(sorted({hit for hit in found if len(hit) >= SHORTEST}, key=text.find))


def _pieces(text: str) -> Iterator[str]:
    """Lines, the long ones in pieces that overlap: the time of these patterns is quadratic in a line's length."""
    for line in text.splitlines():
        for at in range(0, max(len(line) - OVERLAP, 1), PIECE - OVERLAP):
            yield line[at : at + PIECE]


@cache
def _passwords() -> _Passwords:
    """Finds quoted values of things called password, secret, token and the like."""
    from detect_secrets.plugins.keyword import KeywordDetector

    return KeywordDetector()


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """detect-secrets' known formats, matched whole (its own scan gives only the first group of some), but those of
    `_LINEAR`. The entropy detectors are left out: they fire on every hash."""
    from detect_secrets.plugins import (
        artifactory,
        aws,
        azure_storage_key,
        basic_auth,
        discord,
        github_token,
        gitlab_token,
        mailchimp,
        pypi_token,
        sendgrid,
        slack,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )

    detectors = (
        artifactory.ArtifactoryDetector,
        aws.AWSKeyDetector,
        azure_storage_key.AzureStorageKeyDetector,
        basic_auth.BasicAuthDetector,
        discord.DiscordBotTokenDetector,
        github_token.GitHubTokenDetector,
        gitlab_token.GitLabTokenDetector,
        mailchimp.MailchimpDetector,
        pypi_token.PypiTokenDetector,
        sendgrid.SendGridDetector,
        slack.SlackDetector,
        square_oauth.SquareOAuthDetector,
        stripe.StripeDetector,
        telegram_token.TelegramBotTokenDetector,
        twilio.TwilioKeyDetector,
    )
    return tuple(pattern for detector in detectors for pattern in detector().denylist)
