"""What leaves for the cloud: without secrets, and written into the egress ledger before it goes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from factory.contracts.model import Endpoint
from factory.contracts.record import digest
from factory.ledger.till import Sent
from factory.llm.redact import secrets_in
from factory.serve.ask import dumped
from factory.serve.prepare import Prepared

SKIPPED = 65_536  # characters of one string without a blank: a picture, not text


class Outgoing:
    """`secrets` are the values of all endpoints' keys."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def redacted(self, sent: Prepared, endpoint: Endpoint) -> Prepared:
        """As it is for what is local; else without secrets in any of its texts (then the JSON is written anew)."""
        if endpoint.tier == "local":
            return sent
        names: dict[str, str] = {}
        body = self._clean(json.loads(sent.body), names)
        if not names:
            return sent
        return replace(sent, body=dumped(body), changed=(*sent.changed, f"{len(names)} secrets redacted"))

    def parcel(self, sent: Prepared, endpoint: Endpoint) -> Sent | None:
        """The row of the egress ledger; None for what stays on the box."""
        if endpoint.tier == "local":
            return None
        return Sent(endpoint=endpoint.name, tier=endpoint.tier, bytes=len(sent.body), sha256=digest(sent.body))

    def _clean(self, value: Any, names: dict[str, str]) -> Any:
        if isinstance(value, str):
            return self._text(value, names)
        if isinstance(value, list):
            return [self._clean(item, names) for item in value]
        if isinstance(value, Mapping):
            return {key: self._clean(item, names) for key, item in value.items()}
        return value

    def _text(self, text: str, names: dict[str, str]) -> str:
        if len(text) > SKIPPED and " " not in text[:SKIPPED]:
            return text
        for secret in secrets_in(text, self._secrets):
            names.setdefault(secret, f"[redacted-{len(names) + 1}]")
        for secret in sorted(names, key=len, reverse=True):
            text = text.replace(secret, names[secret])
        return text
