"""Secrets are taken out of what leaves for a cloud endpoint; what stays on the box is sent as it is.

A placeholder is numbered in the order of first appearance, so that the prefix of a growing conversation stays the same.
It is never put back: a model could otherwise have a secret written into a public place.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Protocol

from factory.contracts.model import Request

SHORTEST = 6  # characters of a value worth hiding
PIECE, OVERLAP = 600, 200  # characters of a line searched at once for passwords, and shared by two pieces
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


class _Passwords(Protocol):
    def analyze_string(self, string: str) -> Iterable[str]: ...


def redact(request: Request, values: Sequence[str]) -> Request:
    """The request without `values` (of the keys' environment variables) and without what detect-secrets recognises."""
    names: dict[str, str] = {}

    def clean(text: str) -> str:
        for secret in secrets_in(text, tuple(values)):
            names.setdefault(secret, f"[redacted-{len(names) + 1}]")
        for secret in sorted(names, key=len, reverse=True):
            text = text.replace(secret, names[secret])
        return text

    messages = tuple(
        message.but(
            text=clean(message.text),
            calls=tuple(call.but(arguments=clean(call.arguments)) for call in message.calls),
        )
        for message in request.messages
    )
    return request.but(messages=messages)


@lru_cache(maxsize=512)
def secrets_in(text: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """In the order in which they stand in the text."""
    return tuple(sorted({*formats_in(text, values), *passwords_in(text)}, key=text.find))


def formats_in(text: str, values: tuple[str, ...] = ()) -> tuple[str, ...]:
    """`values` and what has the form of a key that somebody issued, in the order in which they stand in the text."""
    found = {value for value in values if len(value) >= SHORTEST and value in text}
    found.update(match.group() for match in PRIVATE_KEY.finditer(text))
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
    """detect-secrets' known formats, matched whole (its own scan gives only the first group of some). The entropy
    detectors are left out: they fire on every hash."""
    from detect_secrets.plugins import (
        artifactory,
        aws,
        azure_storage_key,
        basic_auth,
        discord,
        github_token,
        gitlab_token,
        jwt,
        mailchimp,
        npm,
        openai,
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
        jwt.JwtTokenDetector,
        mailchimp.MailchimpDetector,
        npm.NpmDetector,
        openai.OpenAIDetector,
        pypi_token.PypiTokenDetector,
        sendgrid.SendGridDetector,
        slack.SlackDetector,
        square_oauth.SquareOAuthDetector,
        stripe.StripeDetector,
        telegram_token.TelegramBotTokenDetector,
        twilio.TwilioKeyDetector,
    )
    return tuple(pattern for detector in detectors for pattern in detector().denylist)
