"""What an answer of GitHub's means: a limit, or one of the typed problems."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from factory.contracts.errors import (
    HubForbidden,
    HubMissing,
    HubProblem,
    HubRefused,
    HubUnauthorized,
    HubUnreachable,
)

_LIMIT_WORDS = ("rate limit", "abuse detection")
MAX_SAY = 300


@dataclass(frozen=True)
class Reply:
    """One answer; the headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def date(self) -> datetime | None:
        """GitHub's clock."""
        try:
            return parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None

    def number(self, header: str) -> float | None:
        try:
            return float(self.headers[header])
        except (KeyError, ValueError):
            return None

    def data(self) -> Any:
        """Raises HubUnreachable when it is not JSON: something between us and GitHub answered."""
        if not self.text:
            return None
        try:
            return json.loads(self.text)
        except ValueError:
            raise HubUnreachable("The answer is not GitHub's: it is no JSON.", self.status) from None


def is_limit(reply: Reply) -> bool:
    """A primary or secondary rate limit. Such a request was not carried out, so it may be sent again."""
    if reply.status not in (403, 429):
        return False
    if reply.status == 429 or "retry-after" in reply.headers or reply.headers.get("x-ratelimit-remaining") == "0":
        return True
    return any(word in reply.text.lower() for word in _LIMIT_WORDS)


def problem_of(reply: Reply, what: str) -> HubProblem:
    """The typed problem of an answer from 300 on. `what`: verb and path."""
    status, said = reply.status, _said(reply.text)
    text = f"{what}: {status}{f', {said}' if said else ''}"
    if status == 401:
        return HubUnauthorized(f"{text}. The token is no longer valid: start the job again.", status)
    if status == 403:
        needs = reply.headers.get("x-accepted-github-permissions", "")
        hint = f"give the job's token {needs}" if needs else "the job's token lacks a permission"
        return HubForbidden(f"{text}. Check `permissions:` of the job: {hint}.", status)
    if status in (404, 410):
        return HubMissing(f"{text}. It is not there, or the token may not see it.", status)
    if status >= 500:
        return HubUnreachable(f"{text}. GitHub has a fault: try again later.", status)
    return HubRefused(f"{text}. GitHub refuses this request.", status)


def _said(text: str) -> str:
    """GitHub's own message with its reasons, on one line."""
    try:
        data = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    parts = [str(data.get("message", "")), *map(_reason, errors if isinstance(errors, list) else ())]
    return " ".join("; ".join(part for part in parts if part).split())[:MAX_SAY]


def _reason(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return " ".join(str(error[key]) for key in ("field", "code", "message") if error.get(key))
