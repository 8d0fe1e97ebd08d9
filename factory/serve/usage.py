"""The tokens an answer says it took, on every wire."""

from factory.contracts.model import Form, Usage
from factory.contracts.record import Json


def usage_of(form: Form, data: Json) -> Usage | None:
    """From a whole answer or from one event of a stream; None when it says nothing."""
    found = data.get("usage")
    for holder in ("message", "response"):
        if found is None and isinstance(data.get(holder), dict):
            found = data[holder].get("usage")
    if not isinstance(found, dict):
        return None
    return _anthropic(found) if form == "messages" else _openai(found)


def _openai(usage: Json) -> Usage:
    """Chat, completions and embeddings say prompt and completion, responses says input and output."""
    read = _table(usage.get("prompt_tokens_details") or usage.get("input_tokens_details"))
    written = _table(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    return Usage(
        input=_count(usage.get("prompt_tokens", usage.get("input_tokens"))),
        output=_count(usage.get("completion_tokens", usage.get("output_tokens"))),
        cached=_count(read.get("cached_tokens")),
        cache_written=_count(read.get("cache_write_tokens")),
        reasoning=_count(written.get("reasoning_tokens")),
    )


def _anthropic(usage: Json) -> Usage:
    """Its input_tokens are those neither read from a cache nor written to one."""
    cached, written = _count(usage.get("cache_read_input_tokens")), _count(usage.get("cache_creation_input_tokens"))
    return Usage(
        input=_count(usage.get("input_tokens")) + cached + written,
        output=_count(usage.get("output_tokens")),
        cached=cached,
        cache_written=written,
    )


def _table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
