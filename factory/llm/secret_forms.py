"""What in a text is a secret, as far as its form or its surroundings say so: detect-secrets' patterns, each in time
linear in the text."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Protocol

SHORTEST = 6  # characters of a value worth hiding
PIECE, OVERLAP = 600, 200  # characters of a line searched at once for passwords, and shared by two pieces
MOST_KNOWN, MOST_KEPT = 8192, 2048  # texts that are remembered, and characters of the secrets of one
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_LINEAR = (
    re.compile(r"(?P<secret>eyJ[\w=-]++(?:\.[\w=-]++)++)|eyJ[\w=-]*+", re.ASCII),  # a JSON web token
    re.compile(r"(?P<secret>sk-[\w-]*[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})|sk-[\w-]*+", re.ASCII),
    re.compile(r"/:_authToken=[ \t]*+(?P<secret>npm_\S+|[A-Fa-f0-9-]{36})"),
)
"""For those of detect-secrets' patterns whose time is quadratic in a line. A word that failed once is passed over."""


def secrets_in(text: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """In the order in which they stand in the text. Asked again for the same text, it remembers: a conversation repeats
    its messages."""
    key = sha256(text.encode("utf-8", "surrogatepass")).digest(), values
    found = _known.get(key)
    if found is None:
        places = _formats(text, values)
        for hit, at in _quoted(text):
            places[hit] = min(at, places.get(hit, at))
        found = _in_order(places)
        if sum(map(len, found)) <= MOST_KEPT:
            if len(_known) >= MOST_KNOWN:
                _known.clear()
            _known[key] = found
    return found


_known: dict[tuple[bytes, tuple[str, ...]], tuple[str, ...]] = {}  # by a text's digest: no text is kept


def formats_in(text: str, values: tuple[str, ...] = ()) -> tuple[str, ...]:
    """`values` and what has the form of a key that somebody issued, in the order in which they stand in the text."""
    return _in_order(_formats(text, values))


def passwords_in(text: str) -> tuple[str, ...]:
    """Quoted values of what is called a password, a secret, a token and the like: often only an example."""
    return tuple(dict.fromkeys(hit for hit, _ in _quoted(text)))


def _formats(text: str, values: tuple[str, ...]) -> dict[str, int]:
    """Each with the place where it was seen first."""
    found = {value: text.find(value) for value in values if len(value) >= SHORTEST and value in text}

    def seen(secret: str, at: int) -> None:
        found[secret] = min(at, found.get(secret, at))

    for match in PRIVATE_KEY.finditer(text):
        seen(match.group(), match.start())
    for pattern in _LINEAR:
        for match in pattern.finditer(text):
            if match["secret"]:
                seen(match["secret"], match.start("secret"))
    for line, start in _first_seen(_lines(text)):
        for pattern in _patterns():
            for match in pattern.finditer(line):
                seen(match.group(), start + match.start())
    return found


def _quoted(text: str) -> Iterator[tuple[str, int]]:
    """Values of what is called a password, with a place that is right to within PIECE characters."""
    for piece, start in _first_seen(_pieces(text)):
        hits = {hit for hit in _passwords().analyze_string(piece) if len(hit) >= SHORTEST}
        for at, hit in sorted((piece.find(hit), hit) for hit in hits):
            yield hit, start + max(at, 0)


def _in_order(places: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(places, key=lambda each: (places[each], each)))


def _first_seen(parts: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    """Each text once, with its first place."""
    found: dict[str, int] = {}
    for part, at in parts:
        found.setdefault(part, at)
    return found.items()


def _lines(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    for line in text.splitlines(keepends=True):
        yield line.splitlines()[0], at
        at += len(line)


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """Lines, the long ones in pieces that overlap: the time of these patterns is quadratic in a line's length."""
    for line, start in _lines(text):
        for at in range(0, max(len(line) - OVERLAP, 1), PIECE - OVERLAP):
            yield line[at : at + PIECE], start + at


class _Passwords(Protocol):
    def analyze_string(self, string: str) -> Iterable[str]: ...


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
