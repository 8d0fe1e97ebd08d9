"""The model seam: endpoints, requests, replies, exchanges."""

from typing import Literal, Protocol

from factory.contracts.record import Field, Json, Record

Tier = Literal["local", "rented", "frontier"]
TIERS: tuple[Tier, ...] = ("local", "rented", "frontier")  # a rented GPU counts as cloud

Grade = Literal["fast", "balanced", "deep-coder", "deep-logic", "ultra"]
GRADES: dict[Grade, tuple[int, int]] = {
    "fast": (1, 2), "balanced": (3, 5), "deep-coder": (6, 7), "deep-logic": (8, 9), "ultra": (10, 10),
}  # fmt: skip
"""The model tiers and the efforts, lowest and highest, that each serves. (`Tier` is where a model runs.)"""

Form = Literal["chat", "responses", "completions", "embeddings", "messages"]
"""What a request looks like on the wire: OpenAI's first four, Anthropic's last."""


def grade_of(effort: int) -> Grade:
    """The model tier that serves an effort from 1 to 10."""
    return next(grade for grade, (low, high) in GRADES.items() if low <= effort <= high)


def within(tier: Tier, ceiling: Tier) -> bool:
    """May an endpoint of this tier serve a request with this ceiling?"""
    return TIERS.index(tier) <= TIERS.index(ceiling)


class Endpoint(Record):
    """Where a model answers. Prices are US dollars per million tokens; None = unknown (then the call is refused)."""

    name: str
    wire: Literal["openai", "anthropic", "command", "scripted"]
    url: str = ""
    model: str = ""
    tier: Tier = "local"
    context: int = 65_536  # tokens, prompt and answer
    max_output: int = 8_192
    key_env: str = ""  # name of the environment variable with the key
    command: tuple[str, ...] = ()  # wire "command": argv; the prompt goes to its standard input
    script: str = ""  # wire "scripted": file of replies
    json_schema: bool = True  # the server takes response_format json_schema
    tools: bool = True  # the server takes native tool calls
    logprobs: bool = False
    vision: bool = False  # the model sees pictures; they are sent to the tier local only
    first_token_s: float = 120.0
    idle_s: float = 60.0
    price_in: float | None = None
    price_out: float | None = None
    price_cached: float | None = None  # None = price_in
    price_cache_write: float | None = None  # None = price_in; 1.25 times that on the Anthropic wire
    factory: bool = False  # it is a factory server: no retries, no second reservation
    grades: tuple[Grade, ...] = ()  # model tiers it serves; () = all
    speaks: tuple[Form, ...] = ()  # () = by its wire: see `forms`
    kv_tokens: int | None = None  # tokens its KV cache holds for all requests together; None = not limited by us
    kv_block: int = 16  # tokens of one block of it
    parallel: int | None = None  # requests it should have at once; None = as many as come


class ToolSpec(Record):
    name: str
    description: str
    parameters: Json


class ToolCall(Record):
    id: str
    name: str
    arguments: str  # JSON text as the model wrote it


class Picture(Record):
    """A PNG beside a message. Its bytes lie in the run's folder, by their digest: no journal and no bundle has them."""

    of: str  # what it shows: a path or an address
    sha256: str
    bytes: int
    width: int  # pixels
    height: int


class Message(Record):
    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    pictures: tuple[Picture, ...] = Field(default=(), exclude_if=lambda value: not value)  # runs from before had none


class OutputSchema(Record):
    name: str
    body: Json  # JSON Schema


class Piece(Record):
    """A piece of the repository inside a request: what the egress ledger counts."""

    path: str
    start: int
    end: int
    bytes: int
    sha256: str


class Request(Record):
    """One question to a model: the rendered prompt, what form the answer has, and how far it may travel."""

    role: str
    template: str
    template_hash: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    output: OutputSchema | None = None
    max_tokens: int = Field(default=4096, gt=0)
    temperature: float | None = None
    effort: int = 5
    ceiling: Tier = "local"
    sample: int = 0  # k-th independent sample of the same request
    thinking: bool | None = None  # False: the model is asked to answer without reasoning first; None: as it likes
    pieces: tuple[Piece, ...] = ()


class Usage(Record):
    """Tokens. `input` is everything read, cached and cache-written included; `output` includes reasoning."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0


class Reply(Record):
    """What an endpoint answered, with what it used."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    finish: Literal["stop", "length", "tool_calls", "filtered"] = "stop"
    usage: Usage = Usage()
    model: str = ""
    margin: float | None = None  # log-probability of the chosen decision token minus the best other


class Exchange(Record):
    """One request and what became of it at one endpoint."""

    request: Request
    endpoint: str
    tier: Tier
    reply: Reply | None = None
    problem: str = ""  # ModelProblem.kind when there is no reply
    message: str = ""
    cost: int = 0  # micro-dollars, settled
    seconds: float = 0.0
    attempts: int = 1
    retry_after: float | None = None


class Model(Protocol):
    """One endpoint that answers. Raises ModelProblem subclasses only; never retries by itself."""

    def complete(self, request: Request) -> Reply: ...
