"""How the gateway says no: every refusal in the shape of the wire it was asked on, with the right status.

OpenAI: {"error": {"message", "type", "param", "code"}}; Anthropic: {"type": "error", "error": {"type", "message"}}.
"""

import json
from typing import Literal

from factory.contracts.model import Form
from factory.contracts.record import Json

Kind = Literal[
    "invalid_request", "authentication", "permission", "not_found", "too_large", "rate_limit", "budget", "timeout",
    "overloaded", "upstream",
]  # fmt: skip
STATUS: dict[Kind, int] = {
    "invalid_request": 400, "authentication": 401, "permission": 403, "not_found": 404, "too_large": 413,
    "rate_limit": 429, "budget": 429, "timeout": 504, "overloaded": 503, "upstream": 502,
}  # fmt: skip
OPENAI: dict[Kind, str] = {
    "invalid_request": "invalid_request_error", "authentication": "authentication_error",
    "permission": "permission_error", "not_found": "invalid_request_error", "too_large": "invalid_request_error",
    "rate_limit": "rate_limit_error", "budget": "insufficient_quota", "timeout": "timeout_error",
    "overloaded": "server_error", "upstream": "server_error",
}  # fmt: skip
CODES: dict[Kind, str] = {
    "authentication": "invalid_api_key", "not_found": "model_not_found", "rate_limit": "rate_limit_exceeded",
    "budget": "insufficient_quota", "too_large": "request_too_large",
}  # fmt: skip
ANTHROPIC: dict[Kind, str] = {
    "invalid_request": "invalid_request_error", "authentication": "authentication_error",
    "permission": "permission_error", "not_found": "not_found_error", "too_large": "request_too_large",
    "rate_limit": "rate_limit_error", "budget": "rate_limit_error", "timeout": "timeout_error",
    "overloaded": "overloaded_error", "upstream": "api_error",
}  # fmt: skip


class Refused(Exception):
    """A request that gets no answer from a model. The message is one sentence for whoever sent it."""

    def __init__(self, kind: Kind, message: str, retry_after: float | None = None, *, status: int = 0) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.retry_after = retry_after  # seconds
        self.status = status or STATUS[kind]

    def body(self, form: Form) -> bytes:
        return json.dumps(shape(form, self.kind, str(self)), ensure_ascii=False).encode("utf-8", "replace")

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """`retry-after` in whole seconds, at least 1; and for the wires' SDKs that retry by themselves: do not, when
        waiting cannot help."""
        made: list[tuple[bytes, bytes]] = []
        if self.retry_after is not None:
            made.append((b"retry-after", str(max(1, round(self.retry_after))).encode()))
        if self.kind == "budget":
            made.append((b"x-should-retry", b"false"))
        return tuple(made)


def shape(form: Form, kind: Kind, message: str) -> Json:
    """The error's JSON on a form's wire."""
    if form == "messages":
        return {"type": "error", "error": {"type": ANTHROPIC[kind], "message": message}}
    return {"error": {"message": message, "type": OPENAI[kind], "param": None, "code": CODES.get(kind)}}


def passed(form: Form, status: int, body: bytes) -> bytes:
    """A server's own refusal for a client of this wire: as it came where it has that shape, else its words in it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    said = value if isinstance(value, dict) else {}
    error = said["error"] if isinstance(said.get("error"), dict) else {}
    if isinstance(error.get("message"), str) and (said.get("type") == "error") == (form == "messages"):
        return body
    words = next((each for each in (error.get("message"), said.get("message"), said.get("detail")) if each), None)
    kind: Kind = next((kind for kind, code in STATUS.items() if code == status), "invalid_request")
    return Refused(kind, str(words or "The server refused the request.")).body(form)


def event(form: Form, kind: Kind, message: str) -> bytes:
    """The same as the last event of a stream that broke after its first token."""
    text = json.dumps(shape(form, kind, message))
    if form == "messages":
        return f"event: error\ndata: {text}\n\n".encode()
    if form == "responses":
        inner = {"type": "error", "code": OPENAI[kind], "message": message, "param": None}
        return f"event: error\ndata: {json.dumps(inner)}\n\n".encode()
    return f"data: {text}\n\n".encode()
