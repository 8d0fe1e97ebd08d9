"""What is sent to a server that is no model goes past the same guard and into the same ledger as a prompt."""

from collections.abc import Iterator
from typing import Any

from factory.contracts.model import Endpoint, Message, Request, Tier
from factory.contracts.record import Json
from factory.llm.guard import Guard


def cleared(guard: Guard, run: str, name: str, tier: Tier, said: Json) -> Json:
    """`said` as it may leave for `name`: each text in it, keys too, without secrets. It counts as sent.

    Raises Withheld, with the reason, when a line of a file that may not leave is in it, or a limit is reached.
    """
    server = Endpoint(name=name, wire="openai", tier=tier)
    messages = tuple(Message(role="user", text=text) for text in _texts(said))
    asked = Request(role="mcp", template="mcp", template_hash="", messages=messages)
    sent = guard.cleaned(asked, server)
    guard.leaving(run, server, asked, sent)
    clean = iter([message.text for message in sent.messages])
    found: Json = _with(said, clean)
    return found


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
