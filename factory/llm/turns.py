"""What is said to a model after an answer that will not do."""

import json

from factory.contracts.model import Endpoint, Message, Reply, Request
from factory.llm import tokens
from factory.llm.quirks import quirks_of

FEWEST_OUTPUT = 256  # tokens an answer needs at least
KEPT_OF_CUT = 1_000  # characters of an answer that was cut off
WIDER = 4  # how many times the limit is raised after an answer that was cut off


def fitted(request: Request, endpoint: Endpoint) -> Request | None:
    """The request with an output limit that the endpoint and its context window allow; None when it is too long."""
    room = endpoint.context - tokens.planned(request)
    limit = min(request.max_tokens, endpoint.max_output, max(room, FEWEST_OUTPUT))
    if room < min(FEWEST_OUTPUT, request.max_tokens):
        return None
    return request if limit == request.max_tokens else request.but(max_tokens=limit)


def widened(request: Request, endpoint: Endpoint) -> Request | None:
    """The request to repeat after an answer that was cut off: more tokens, else without reasoning; None: hopeless."""
    room = min(endpoint.max_output, endpoint.context - tokens.planned(request))
    if request.max_tokens < room:
        return request.but(max_tokens=min(request.max_tokens * WIDER, room))
    if request.thinking is not False and quirks_of(endpoint.model).thinking_off:
        return request.but(thinking=False)
    return None


def corrected(request: Request, reply: Reply | None, complaint: str) -> Request:
    """The request with the model's own answer as its turn and the complaint after it."""
    turns: tuple[Message, ...]
    if reply is not None and reply.calls and all(_is_object(call.arguments) for call in reply.calls):
        said = Message(role="assistant", text=reply.text, calls=reply.calls)
        turns = (said, *(Message(role="tool", text=complaint, call_id=call.id) for call in reply.calls))
    else:
        calls = "".join(f"\n{call.name}({call.arguments})" for call in reply.calls) if reply else ""
        text = (reply.text if reply else "") + calls
        if reply is not None and reply.finish == "length":
            text = text[:KEPT_OF_CUT] + " …"
        turns = (
            Message(role="assistant", text=text.strip() or "(no usable answer)"),
            Message(role="user", text=complaint),
        )
    return request.but(messages=(*request.messages, *turns))


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except ValueError:
        return False
