"""How many tokens a text may be, without a tokenizer: from its bytes, and on the safe side.

English prose has about 4.2 bytes a token, source code 3 to 3.5, CJK text about 3 (one character), hexadecimal 2.
"""

import math
import string
from collections.abc import Iterator

from factory.contracts.model import Reply, Request
from factory.llm.pictures import tokens_of

BYTES_PER_TOKEN = 3  # what to plan a prompt with
LETTERS_PER_TOKEN = 2  # what to reserve money with: ASCII letters and blanks; all other bytes may be a token each
LETTERS = (string.ascii_letters + " \n").encode()
MESSAGE_TOKENS = 8  # role markers and separators
HIDDEN_TOKENS = 600  # what a server adds to explain tools or an output schema to its model


def estimate(text: str) -> int:
    """Tokens of a text, rounded up; meant for filling a context window."""
    return math.ceil(len(_bytes(text)) / BYTES_PER_TOKEN)


def size(request: Request) -> int:
    """Bytes of all text a request sends: messages, calls, tools, output schema."""
    return sum(map(len, _sent(request)))


def planned(request: Request) -> int:
    """Input tokens of a request, estimated as `estimate` does."""
    return math.ceil(size(request) / BYTES_PER_TOKEN) + MESSAGE_TOKENS * len(request.messages) + _seen(request)


def most(request: Request) -> int:
    """Input tokens a request can cost at most: what a reservation is made of."""
    hidden = HIDDEN_TOKENS if request.tools or request.output else 0
    return sum(map(densest, _sent(request))) + MESSAGE_TOKENS * len(request.messages) + hidden + _seen(request)


def written(reply: Reply) -> int:
    """Tokens of an answer at most, for a server that does not count them; what it thought is not known."""
    texts = (reply.text, *(call.name + call.arguments for call in reply.calls))
    return sum(densest(_bytes(text)) for text in texts)


def densest(text: bytes) -> int:
    """Tokens a text can be at most.

    Digits, signs and everything beyond ASCII count in full: some tokenizers make a token of each byte.
    """
    dense = len(text.translate(None, LETTERS))
    return dense + math.ceil((len(text) - dense) / LETTERS_PER_TOKEN)


def _seen(request: Request) -> int:
    return sum(tokens_of(picture) for message in request.messages for picture in message.pictures)


def _sent(request: Request) -> Iterator[bytes]:
    for message in request.messages:
        yield _bytes(message.text)
        yield from (_bytes(call.name + call.arguments) for call in message.calls)
    yield from (_bytes(tool.to_json()) for tool in request.tools)
    if request.output is not None:
        yield _bytes(request.output.to_json())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
