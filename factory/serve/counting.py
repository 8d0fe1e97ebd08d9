"""Tokens of a request: /v1/messages/count_tokens estimates where no server counts, /tokenize never does."""

import json

from factory.contracts.model import Endpoint, Usage
from factory.contracts.record import Json
from factory.ledger.till import Charge
from factory.llm.tokenizer import counted
from factory.llm.tokens import MESSAGE_TOKENS
from factory.serve.ask import Ask, dumped
from factory.serve.errors import Refused
from factory.serve.prepare import prepared
from factory.serve.relay import Relay
from factory.serve.upstream import Failed, forms_of, object_of

PATH, TOKENIZE = "/v1/messages/count_tokens", "/tokenize"
COUNT_S = 5.0
BYTES_PER_TOKEN = 3.5
NOT_COUNTED = {"max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "service_tier"}


async def count(relay: Relay, ask: Ask) -> tuple[int, bool]:
    """Input tokens, and whether a server counted them. Raises Refused as for the message itself."""
    for endpoint in relay.chains.of(ask):
        if "messages" in forms_of(endpoint):
            try:
                return await _asked(relay, ask, endpoint), True
            except Failed:
                continue
    texts = {name: value for name, value in ask.body.items() if name not in NOT_COUNTED}
    size = min(ask.size, len(dumped(texts)))
    return int(size / BYTES_PER_TOKEN) + MESSAGE_TOKENS * len(ask.body["messages"]), False


async def _asked(relay: Relay, ask: Ask, endpoint: Endpoint) -> int:
    sent = prepared(ask, endpoint, "messages")
    body = {name: value for name, value in json.loads(sent.body).items() if name not in NOT_COUNTED}
    sent.body = dumped(body)
    sent = await relay.outgoing.redacted(sent, endpoint)
    charge = Charge(key=ask.key, run=ask.run, role=ask.role, endpoint=endpoint.name, tier=endpoint.tier)
    if endpoint.tier != "local":  # counting is free, but what is counted leaves the box
        number = await relay.reserved(charge, 0, 0, relay.outgoing.parcel(sent, endpoint))
        relay.till.settle(number, charge, 0, Usage(), 0.0)
    value = await _told(relay, endpoint, PATH, sent.body, sent.headers, endpoint.first_token_s)
    tokens = value.get("input_tokens")
    if not isinstance(tokens, int):
        raise Failed("bad_answer", f"{endpoint.name} did not count")
    return tokens


async def tokenize(relay: Relay, ask: Ask, text: str) -> int:
    """Tokens of `text` for the first server on this box that would answer and that counts. Raises Refused.

    vLLM reads `prompt`, llama.cpp `content`; both answer beside /v1. Nothing leaves the box for a count.
    """
    for endpoint in relay.chains.of(ask):
        if endpoint.tier != "local" or endpoint.wire != "openai":
            continue
        asked = {"model": endpoint.model, "prompt": text, "content": text, "add_special_tokens": False}
        try:
            answer = await _told(relay, endpoint, TOKENIZE, dumped(asked), {}, COUNT_S)
        except Failed:
            continue
        if (tokens := counted(answer)) is not None:
            return tokens
    raise Refused("not_found", f"No server for {ask.model[:80]!r} on this box counts tokens.")


async def _told(
    relay: Relay, endpoint: Endpoint, path: str, body: bytes, headers: dict[str, str], first_s: float
) -> Json:
    response = await relay.upstream.post(endpoint, path, body, headers, first_s)
    try:
        return object_of(endpoint, await relay.upstream.read(endpoint, response, endpoint.idle_s))
    finally:
        relay.upstream.done(response)
