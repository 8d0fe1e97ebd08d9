"""How many tokens a text is for the very model that will read it: asked of a local server that tells."""

import json
from collections.abc import Callable, Mapping
from http.client import HTTPException
from urllib.parse import urlsplit

from factory.contracts.errors import Unreachable
from factory.contracts.model import Endpoint

SECONDS = 5.0
MOST = 1 << 24  # bytes of an answer: llama.cpp sends every token's number

Tokenizer = Callable[[str], int]


def tokenizer_of(endpoint: Endpoint, environment: Mapping[str, str]) -> Tokenizer | None:
    """None where nobody can be asked: not a local server of the OpenAI wire, or one that does not count.

    vLLM counts at `/tokenize` beside `/v1`, and so does llama.cpp. The tokenizer raises Unreachable.
    """
    if endpoint.tier != "local" or endpoint.wire != "openai" or urlsplit(endpoint.url).scheme not in ("http", "https"):
        return None
    url = f"{endpoint.url.rstrip('/').removesuffix('/v1')}/tokenize"
    key = environment.get(endpoint.key_env, "") if endpoint.key_env else ""

    def count(text: str) -> int:
        body = {"model": endpoint.model, "prompt": text, "content": text, "add_special_tokens": False}
        return _count(_asked(url, body, key), url)

    try:
        count("one two three")
    except Unreachable:
        return None
    return count


def _asked(url: str, body: Mapping[str, object], key: str) -> object:
    from urllib.request import ProxyHandler, Request, build_opener

    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 (its scheme was looked at)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read(MOST))
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{url} does not count tokens: {error}") from None


def _count(answer: object, url: str) -> int:
    count = counted(answer)
    if count is None:
        raise Unreachable(f"{url} does not count tokens: it says {str(answer)[:100]}")
    return count


def counted(answer: object) -> int | None:
    """vLLM says {"count": 3}, llama.cpp {"tokens": [1, 2, 3]}; None: neither."""
    said = answer if isinstance(answer, dict) else {}
    count = said.get("count", len(said["tokens"]) if isinstance(said.get("tokens"), list) else None)
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None
