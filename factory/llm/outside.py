"""What is sent to a server that is no model goes past the same guard and into the same ledger as a prompt."""

import json
from collections.abc import Iterator
from typing import Any

from factory.contracts.errors import Withheld
from factory.contracts.model import Endpoint, Message, Request, Tier
from factory.contracts.record import Json
from factory.llm.guard import Guard


def cleared(guard: Guard, run: str, name: str, tier: Tier, said: Json) -> Json:
    """`said` as it may leave for `name`: each text in it, keys too, without secrets. It counts as sent.

    It is also looked at as a whole: a password is known by the name beside it, and a number can be one. Raises
    Withheld, with the reason, when a line of a file that may not leave is in it, when a secret in it is no text that
    could be taken out, or when a limit is reached.
    """
    server = Endpoint(name=name, wire="openai", tier=tier)
    asked = _request(_json(said), *_texts(said))
    clean = iter([message.text for message in guard.cleaned(asked, server).messages[1:]])
    found: Json = _with(said, clean)
    sent = _request(_json(found))
    if guard.cleaned(sent, server) != sent:
        raise Withheld("nothing was sent, because a secret stands in it that is no text of its own")
    guard.leaving(run, server, asked, sent)
    return found


def _request(*texts: str) -> Request:
    messages = tuple(Message(role="user", text=text) for text in texts)
    return Request(role="mcp", template="mcp", template_hash="", messages=messages)


def _json(said: Json) -> str:
    return json.dumps(said, ensure_ascii=False)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _with(value: Any, texts: Iterator[str]) -> Any:
    """The same shape with other texts, in the order of `_texts`."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, dict):
        return {next(texts): _with(each, texts) for each in value.values()}
    return [_with(each, texts) for each in value] if isinstance(value, list) else value
