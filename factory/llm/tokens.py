"""How many tokens a text may be, without a tokenizer: from its bytes, and on the safe side.

English prose has about 4.2 bytes a token, source code 3 to 3.5, CJK text about 3 (one character), hexadecimal 2.
"""

import math

from factory.contracts.model import Request

BYTES_PER_TOKEN = 3  # what to plan a prompt with
FEWEST_BYTES_PER_TOKEN = 2  # what to reserve money with: denser than any text a repository holds
MESSAGE_TOKENS = 8  # role markers and separators


def estimate(text: str) -> int:
    """Tokens of a text, rounded up; meant for filling a context window."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def size(request: Request) -> int:
    """Bytes of everything a request sends: messages, calls, tools, output schema."""
    total = 0
    for message in request.messages:
        total += len(message.text.encode("utf-8", "surrogatepass"))
        total += sum(len(call.name) + len(call.arguments.encode("utf-8", "surrogatepass")) for call in message.calls)
    for tool in request.tools:
        total += len(tool.to_json().encode())
    if request.output is not None:
        total += len(request.output.to_json().encode())
    return total


def planned(request: Request) -> int:
    """Input tokens of a request, estimated as `estimate` does."""
    return math.ceil(size(request) / BYTES_PER_TOKEN) + MESSAGE_TOKENS * len(request.messages)


def most(request: Request) -> int:
    """Input tokens a request can cost at most: what a reservation is made of."""
    return math.ceil(size(request) / FEWEST_BYTES_PER_TOKEN) + MESSAGE_TOKENS * len(request.messages)
