"""What leaves for the cloud: without secrets, and written into the egress ledger before it goes."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from factory.contracts.model import Endpoint
from factory.contracts.record import digest
from factory.ledger.till import Sent
from factory.llm.redact import Redaction, Sought
from factory.serve.ask import dumped
from factory.serve.prepare import Prepared

THREADS = 2  # they share one processor with the port: more would only make each other wait
SKIPPED = 65_536  # characters from which on a string of base64 alone is a picture, not text
_BASE64 = re.compile(r"(?:data:[\w/+.;=-]*,)?[A-Za-z0-9+/=_-]*", re.ASCII)


class Outgoing:
    """`redaction` is this process's: a secret keeps its name as long as the gateway runs."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="outgoing")

    async def redacted(self, sent: Prepared, endpoint: Endpoint) -> Prepared:
        """As it is for what is local; else without secrets in any of its texts (then the JSON is written anew).

        In a thread: a megabyte takes a second, and the port answers others meanwhile.
        """
        if endpoint.tier == "local":
            return sent
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._redacted, sent)

    def close(self) -> None:
        """What waits for a thread is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _redacted(self, sent: Prepared) -> Prepared:
        body = json.loads(sent.body)
        also = self._redaction.found(_texts(body))
        if not also:
            return sent
        names: set[str] = set()
        body = self._clean(body, also, names)
        return replace(sent, body=dumped(body), changed=(*sent.changed, f"{len(names)} secrets redacted"))

    def parcel(self, sent: Prepared, endpoint: Endpoint) -> Sent | None:
        """The row of the egress ledger; None for what stays on the box."""
        if endpoint.tier == "local":
            return None
        return Sent(endpoint=endpoint.name, tier=endpoint.tier, bytes=len(sent.body), sha256=digest(sent.body))

    def _clean(self, value: Any, also: Sought, names: set[str]) -> Any:
        if isinstance(value, str):
            text, table = self._redaction.redacted(value, also) if _is_text(value) else (value, {})
            names.update(table)
            return text
        if isinstance(value, list):
            return [self._clean(item, also, names) for item in value]
        if isinstance(value, Mapping):
            return {key: self._clean(item, also, names) for key, item in value.items()}
        return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _is_text(value):
            yield value
    elif isinstance(value, list | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _is_text(value: str) -> bool:
    return len(value) <= SKIPPED or not _BASE64.fullmatch(value)
