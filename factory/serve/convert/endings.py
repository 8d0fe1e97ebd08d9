"""How a reply ends on both wires: why it stopped, what it used, and what went wrong."""

from factory.contracts.record import Json
from factory.serve.convert.fields import HEARD, shown
from factory.serve.convert.problems import BadEvent

TO_CHAT = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",  # a server tool's pause: cannot come, as those tools are refused
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
TO_MESSAGES = {
    "stop": "end_turn",
    "eos": "end_turn",  # an older local server's word
    "length": "max_tokens",
    "model_length": "max_tokens",  # one vendor's word for a full context
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
         413: "request_too_large", 429: "rate_limit_error", 503: "overloaded_error", 504: "timeout_error",
         529: "overloaded_error"}  # fmt: skip
KIND = "api_error"


def finish_of(reason: object, calls: bool) -> str:
    """`finish_reason` for a `stop_reason`. A reply with calls that says it simply ended waits for their results."""
    finish = TO_CHAT.get(HEARD.text(reason, "stop_reason"), "stop")  # the wire announces that reasons may be added
    return "tool_calls" if calls and finish == "stop" else finish


def stop_of(choice: Json, calls: bool, refused: bool) -> tuple[str, str | None]:
    """`stop_reason` and `stop_sequence` for a choice that has finished."""
    finish = HEARD.text(choice.get("finish_reason"), "finish_reason")
    if finish not in TO_MESSAGES:
        raise BadEvent(f"finish_reason {shown(finish)} is not known.")
    stop, sequence = TO_MESSAGES[finish], choice.get("stop_reason")  # vLLM names the stop string there, or a token
    if refused:
        return "refusal", None
    if stop in ("end_turn", "tool_use"):  # with a tool named, servers finish with "stop"
        stop = "tool_use" if calls else "end_turn"
    if stop == "end_turn" and isinstance(sequence, str):
        return "stop_sequence", sequence
    return stop, None


def chat_usage(usage: Json) -> Json:
    """The messages wire counts what was read from and written to a cache beside `input_tokens`; the chat wire in it."""
    cached = HEARD.count(usage.get("cache_read_input_tokens"), "usage.cache_read_input_tokens")
    written = HEARD.count(usage.get("cache_creation_input_tokens"), "usage.cache_creation_input_tokens")
    asked = HEARD.count(usage.get("input_tokens"), "usage.input_tokens") + cached + written
    answered = HEARD.count(usage.get("output_tokens"), "usage.output_tokens")
    details = HEARD.mapping(usage.get("output_tokens_details") or {}, "usage.output_tokens_details")
    thought = HEARD.count(details.get("thinking_tokens"), "usage.output_tokens_details.thinking_tokens")
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def messages_usage(usage: object) -> Json:
    """The other way. None is a server that does not count: zeros."""
    counted = HEARD.mapping(usage or {}, "usage")
    read = HEARD.mapping(counted.get("prompt_tokens_details") or {}, "usage.prompt_tokens_details")
    details = HEARD.mapping(counted.get("completion_tokens_details") or {}, "usage.completion_tokens_details")
    cached = HEARD.count(read.get("cached_tokens"), "usage.prompt_tokens_details.cached_tokens")
    written = HEARD.count(read.get("cache_write_tokens"), "usage.prompt_tokens_details.cache_write_tokens")
    asked = HEARD.count(counted.get("prompt_tokens"), "usage.prompt_tokens")
    made: Json = {
        "input_tokens": max(0, asked - cached - written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": HEARD.count(counted.get("completion_tokens"), "usage.completion_tokens"),
    }
    if details.get("reasoning_tokens") is not None:
        thought = HEARD.count(details["reasoning_tokens"], "usage.completion_tokens_details.reasoning_tokens")
        made["output_tokens_details"] = {"thinking_tokens": thought}
    return made


def chat_error(event: Json) -> Json:
    """An error event of the messages wire, as the chat wire has it."""
    error = HEARD.mapping(event.get("error"), "error")
    kind, message = error.get("type"), error.get("message")
    return {"error": {"message": str(message or "the model server failed"), "type": str(kind or KIND),
                      "param": None, "code": None}}  # fmt: skip


def messages_error(chunk: Json) -> Json:
    """An error within a chat stream, old form (flat) or new, as the messages wire has it."""
    error = chunk.get("error")
    found = error if isinstance(error, dict) else {"message": error, **chunk} if error is not None else chunk
    kind, code = found.get("type"), found.get("code")
    if not (isinstance(kind, str) and (kind in KINDS.values() or kind == KIND)):
        kind = KINDS.get(code, KIND) if isinstance(code, int) else KIND
    message = found.get("message")
    return {"type": "error", "error": {"type": kind, "message": str(message or "the model server failed")}}
