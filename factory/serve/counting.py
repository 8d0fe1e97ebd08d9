"""/v1/messages/count_tokens: asked of the server that would answer, if it can count; else estimated."""

import json

from factory.contracts.model import Endpoint, Usage
from factory.ledger.till import Charge
from factory.llm.tokens import MESSAGE_TOKENS
from factory.serve.ask import Ask, dumped
from factory.serve.prepare import prepared
from factory.serve.relay import Relay
from factory.serve.upstream import Failed, forms_of, object_of

PATH = "/v1/messages/count_tokens"
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
    response = await relay.upstream.post(endpoint, PATH, sent.body, sent.headers, endpoint.first_token_s)
    try:
        value = object_of(endpoint, await relay.upstream.read(endpoint, response, endpoint.idle_s))
    finally:
        relay.upstream.done(response)
    tokens = value.get("input_tokens")
    if not isinstance(tokens, int):
        raise Failed("bad_answer", f"{endpoint.name} did not count")
    return tokens
