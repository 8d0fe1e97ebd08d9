"""A request as the door accepted it: what routing, admission and money need to know of it."""

import json
import re
from dataclasses import dataclass

from factory.contracts.model import Form, Tier
from factory.contracts.record import Json
from factory.serve.errors import Refused

PATHS: dict[str, Form] = {
    "/v1/chat/completions": "chat",
    "/v1/responses": "responses",
    "/v1/completions": "completions",
    "/v1/embeddings": "embeddings",
    "/v1/messages": "messages",
}
LIMITS: dict[Form, tuple[str, ...]] = {  # what the most tokens of an answer are called; the first is the one we add
    "chat": ("max_tokens", "max_completion_tokens"),
    "responses": ("max_output_tokens",),
    "completions": ("max_tokens",),
    "embeddings": (),
    "messages": ("max_tokens",),
}
COUNTS = ("n", "best_of")  # how many answers
COMPLETION_TOKENS = 16  # what OpenAI's /v1/completions writes when nobody said how much
EFFORTS = {"none": 1, "minimal": 1, "low": 3, "medium": 5, "high": 8, "xhigh": 10, "max": 10}
MODEL = re.compile(rb'"model"\s*:\s*"(?:[^"\\]|\\.)*"')
SPELLED = re.compile(rb"\\u006[dDfF45cC]")  # a letter of "model" as an escape: the name may stand there, too
IMAGE_TOKENS = 1_500  # of one picture, about what the vendors say of a large one
INLINE = re.compile(rb'"(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/=]{4096,}"')


@dataclass(slots=True)
class Ask:
    """`raw` is the body as it came, `body` the same parsed: never changed, only replaced for an endpoint."""

    id: str
    form: Form
    raw: bytes
    body: Json
    model: str  # as the client wrote it, without @tier
    key: str  # the key's name; '' without keys
    role: str
    run: str
    session: str
    effort: int  # 1 to 10
    ceiling: Tier
    said: bool  # the request named its ceiling itself
    highest: Tier  # what the key may ask for
    interactive: bool
    stream: bool
    reason: bool  # the tool `reason` is offered to the model
    share: float
    headers: dict[bytes, bytes]
    size: int  # bytes that count as text
    queued: int = 0  # requests that waited here when it wanted an engine or a rented machine

    def limit(self) -> int | None:
        """Most tokens of the answer, as the client asked; None when it did not."""
        if self.form == "embeddings":
            return 0
        said = [self.body[name] for name in LIMITS[self.form] if self.body.get(name) is not None]
        if not said:
            return COMPLETION_TOKENS if self.form == "completions" else None
        lowest = 0 if self.form == "completions" else 1  # who wants a prompt weighed wants no answer
        return max(said) if min(said) >= lowest else None

    def answers(self) -> int:
        """How many answers are asked for; the limit holds for each."""
        if self.form == "chat":
            return self.body.get("n") or 1
        if self.form != "completions":
            return 1
        prompt = self.body["prompt"]
        several = isinstance(prompt, list) and not isinstance(prompt[0], int)
        return max(self.body.get("n") or 1, self.body.get("best_of") or 1) * (len(prompt) if several else 1)


def parse(raw: bytes, form: Form) -> Json:
    """The body. Raises Refused('invalid_request') when it is not a JSON object that names what is asked for."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("invalid_request", "The request's body is not JSON.") from None
    if not isinstance(body, dict):
        raise Refused("invalid_request", "The request's body must be a JSON object.")
    if not isinstance(body.get("model", ""), str):
        raise Refused("invalid_request", "`model` must be a string.")
    if form in ("chat", "messages"):
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages or not all(isinstance(item, dict) for item in messages):
            raise Refused("invalid_request", "`messages` must be a list of at least one message.")
    elif form in ("completions", "embeddings", "responses"):
        name = "prompt" if form == "completions" else "input"
        if not body.get(name) and not (form == "responses" and body.get("prompt")):
            raise Refused("invalid_request", f"`{name}` is missing.")
    if body.get("stream") not in (None, True, False):
        raise Refused("invalid_request", "`stream` must be true or false.")
    for name in (*LIMITS[form], *COUNTS):  # some servers take "100" and 100.0 for a number; what they cost is reckoned
        value = body.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise Refused("invalid_request", f"`{name}` must be a whole number.")
        if name in COUNTS and value is not None and value < 1:
            raise Refused("invalid_request", f"`{name}` must be at least 1.")
    if form == "responses" and body.get("background") not in (None, False):
        raise Refused("invalid_request", "`background` is not possible here: nobody could fetch the answer.")
    return body


def effort_of(header: bytes | None, body: Json) -> int:
    """From X-Factory-Effort, else from what the wires call (reasoning) effort, else the middle: 5."""
    if header is not None:
        text = header.decode("latin-1").strip()
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 10:
            raise Refused("invalid_request", "X-Factory-Effort must be a whole number from 1 to 10.")
        return int(text)
    for place in (body, body.get("reasoning"), body.get("output_config")):
        word = (place.get("reasoning_effort") or place.get("effort")) if isinstance(place, dict) else None
        if isinstance(word, str) and word in EFFORTS:
            return EFFORTS[word]
    return 5


def text_size(raw: bytes) -> int:
    """Bytes of a body that are text; a picture inside counts as much as a large one is charged."""
    if b"base64" not in raw:
        return len(raw)
    pictures = INLINE.findall(raw)
    return len(raw) - sum(map(len, pictures)) + len(pictures) * IMAGE_TOKENS * 3


def dumped(value: object) -> bytes:
    """JSON in UTF-8; half a surrogate pair, which JSON can hold and UTF-8 cannot, is written as it may have come."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def rewritten(ask: Ask, model: str, changes: Json) -> bytes:
    """The body for an endpoint: as it came, byte for byte, but for the model's name and `changes`.

    Where the name stands once in the text, only those bytes are replaced; else the JSON is written anew.
    """
    raw, body = ask.raw, ask.body
    if body.get("model") == model and not changes:
        return raw
    fresh = "model" in body and not any(name in body for name in changes)
    once = fresh and raw.count(b'"model"') == 1 and not SPELLED.search(raw)
    place = MODEL.match(raw, raw.find(b'"model"')) if once else None
    if place is not None:
        named = b'"model":' + dumped(model)
        raw = raw[: place.start()] + named + raw[place.end() :]
        if not changes:
            return raw
        added = dumped(changes)[1:-1]
        start = raw.index(b"{") + 1
        return raw[:start] + added + b"," + raw[start:]
    return dumped({**body, "model": model, **changes})
