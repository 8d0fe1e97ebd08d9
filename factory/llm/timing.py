"""One timed request to an OpenAI-wire endpoint: when the first token came, when the last, and how many.

For measuring a server, not for work: no ledger, no retries, no chain.
"""

import os
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import urlsplit

from factory.contracts.errors import BadReply, ModelProblem, Refused, UsageProblem, WrongKey
from factory.contracts.model import Endpoint
from factory.contracts.record import Json, Record

T = TypeVar("T")
LONGEST_S = 1800.0  # silence that is waited for: a cold 64K prompt takes minutes on a small card


class Timing(Record):
    """Seconds from sending the request; counts are tokens."""

    first_s: float  # until the first token, be it of the answer or of what was thought before
    total_s: float  # until the last token
    prompt: int  # 0 when the server does not say
    output: int
    cached: int | None = None  # of the prompt, from the prefix cache; None = not said
    counted: bool = True  # False: the server gave no usage, so `output` counts the stream's parts


class Timer:
    """Times requests to one endpoint. Safe for threads."""

    def __init__(self, endpoint: Endpoint, environment: Mapping[str, str] = os.environ) -> None:
        """Raises WrongKey when the variable of the key is not set."""
        import openai

        from factory.llm.providers.openai import CONNECT_S
        from factory.llm.providers.wire import http_client, key_of

        self._endpoint = endpoint
        self._client: Any = openai.OpenAI(
            api_key=key_of(endpoint, environment),
            base_url=endpoint.url,
            max_retries=0,
            http_client=http_client(openai, endpoint),
            timeout=openai.Timeout(LONGEST_S, connect=CONNECT_S),
        )

    def __call__(self, prompt: str, max_tokens: int) -> Timing:
        """Asks once, streaming. Raises a ModelProblem whose message is one sentence."""
        return self._translated(lambda: self._timed(prompt, max_tokens))

    def context(self) -> int | None:
        """Tokens of the longest request, where the list of models says it (vLLM's `max_model_len`); else None.

        Raises UsageProblem when the server has models, but not this one.
        """
        try:
            found = {str(model.id): model for model in self._translated(lambda: list(self._client.models.list()))}
        except Refused:  # a server without a list of models can be measured all the same
            return None
        if found and self._endpoint.model not in found:
            raise UsageProblem(
                f"{self._endpoint.url} does not offer the model {self._endpoint.model!r}; it has: {', '.join(found)}."
            )
        length = getattr(found.get(self._endpoint.model), "max_model_len", None)
        return length if isinstance(length, int) and length > 0 else None

    def _timed(self, prompt: str, max_tokens: int) -> Timing:
        from factory.llm.providers.stream import must_stream
        from factory.llm.providers.wire import number

        first = last = 0.0
        parts, usage, opened = 0, dict[str, Any](), list[Any]()
        begun = perf_counter()
        with self._client.chat.completions.create(**self._body(prompt, max_tokens)) as stream:
            must_stream(stream.response, self._endpoint, opened)
            for event in stream:
                now = perf_counter() - begun
                said = event.model_dump(warnings=False)
                usage = said.get("usage") or usage
                if any(_has_token(choice) for choice in said.get("choices") or ()):
                    parts, first, last = parts + 1, first or now, now
        if not parts:
            raise BadReply(f"{self._endpoint.name} ended its stream without one token")
        output, details = number(usage.get("completion_tokens")), usage.get("prompt_tokens_details")
        return Timing(
            first_s=first, total_s=last, prompt=number(usage.get("prompt_tokens")), output=output or parts,
            cached=number(details.get("cached_tokens")) if details else None, counted=output > 0,
        )  # fmt: skip

    def _body(self, prompt: str, max_tokens: int) -> Json:
        from factory.llm.quirks import quirks_of

        quirks = quirks_of(self._endpoint.model)
        made: Json = {
            "model": self._endpoint.model,
            "messages": [{"role": "user", "content": prompt}],
            quirks.limit: max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return made | ({"temperature": 0} if quirks.temperature else {})

    def _translated(self, ask: Callable[[], T]) -> T:
        import openai

        from factory.llm.providers.faults import sdk_faults

        try:
            with sdk_faults(openai, self._endpoint):
                return ask()
        except WrongKey as problem:
            message = f"{self._endpoint.url} refuses the key ({problem}): name its variable with --key-env."
            raise WrongKey(message) from problem
        except ModelProblem as problem:
            raise type(problem)(f"{str(problem).rstrip('. ')}.") from problem


def endpoint_at(url: str, model: str, key_env: str = "") -> Endpoint:
    """The endpoint that a person names; `/v1` is added to a bare address. Raises UsageProblem for no address."""
    from factory.settings import is_near

    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageProblem(f"--url {url!r} is not an address: write it like http://127.0.0.1:8000/v1.")
    path = parts.path.rstrip("/") or "/v1"
    whole = parts._replace(path=path, query="", fragment="").geturl()
    tier = "local" if is_near(whole) else "rented"
    return Endpoint(name="the endpoint", wire="openai", url=whole, model=model, tier=tier, key_env=key_env)


def _has_token(choice: Json) -> bool:
    delta = choice.get("delta") or {}
    return any(delta.get(name) for name in ("content", "reasoning_content", "reasoning", "tool_calls"))
