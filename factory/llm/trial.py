"""Does an endpoint work? Its models, one short answer, one structured answer, one tool call, one picture."""

from collections.abc import Callable
from time import monotonic
from typing import Literal

from factory.contracts.errors import BadReply, FactoryError
from factory.contracts.model import Endpoint, Message, Model, Picture, Reply, Request, ToolSpec
from factory.contracts.record import Record
from factory.llm.pictures import green, unseen
from factory.llm.structured import parse_json, schema_of
from factory.llm.turns import widened

TOOL = ToolSpec(
    name="add",
    description="Adds two numbers.",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
)


class Colour(Record):
    """What the structured answer must be."""

    colour: Literal["red", "green", "blue"]
    reason: str


class Check(Record):
    name: str
    ok: bool
    seconds: float
    detail: str


class Tried(Record):
    """What works at one endpoint."""

    endpoint: str
    tier: str
    works: bool
    checks: tuple[Check, ...]


def try_endpoint(endpoint: Endpoint, model_of: Callable[[Endpoint], Model]) -> Tried:
    """Never raises for what the endpoint does: a failing check says why. What it claims is tried: tools, sight."""
    model = _Opened(endpoint, model_of)
    checks = [_check("models", model.names)] if endpoint.wire in ("openai", "anthropic") else []
    checks.append(_check("answer", model.short))
    if checks[-1].ok:
        checks.append(_check("structured", model.structured))
        if endpoint.tools and endpoint.wire != "command":
            checks.append(_check("tool call", model.tool))
        if not unseen(endpoint):
            checks.append(_check("picture", model.picture))
    # a server without a list of models can still be worked with
    works = all(check.ok for check in checks if check.name != "models")
    return Tried(endpoint=endpoint.name, tier=endpoint.tier, works=works, checks=tuple(checks))


class _Opened:
    def __init__(self, endpoint: Endpoint, model_of: Callable[[Endpoint], Model]) -> None:
        self._endpoint = endpoint
        self._model_of = model_of

    def names(self) -> str:
        found: tuple[str, ...] = getattr(self._model_of(self._endpoint), "models", tuple)()
        listed = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        missing = "" if self._endpoint.model in found else f"; {self._endpoint.model} is not among them"
        return (listed or "none") + missing

    def short(self) -> str:
        reply = self._ask("models/answer", "Answer with the single word: ready")
        if not reply.text.strip():
            raise BadReply("the answer is empty")
        return f"{reply.text.strip()[:60]!r} from {reply.model}"

    def structured(self) -> str:
        text = 'Name a colour as one JSON object: {"colour": "red" or "green" or "blue", "reason": "few words"}'
        reply = self._ask("models/structured", text, output=True)
        return f"{parse_json(reply.text, Colour).colour}" + (
            "" if reply.margin is None else f", margin {reply.margin:.2f}"
        )

    def tool(self) -> str:
        reply = self._ask("models/tool", "Use the tool to add 2 and 3.", tools=(TOOL,))
        if not any(call.name == TOOL.name for call in reply.calls):
            raise BadReply(f"no call of the tool, but the text {reply.text.strip()[:60]!r}")
        return f"{reply.calls[0].name}({reply.calls[0].arguments})"

    def picture(self) -> str:
        reply = self._ask(
            "models/picture", "What colour is this picture? Answer with one word.", pictures=(green()[0],)
        )
        said = reply.text.strip()
        if "green" not in said.lower():
            raise BadReply(f"a green square is {said[-60:]!r} to it: without sight, leave vision = true out")
        return said[-60:]

    def _ask(
        self, template: str, text: str, output: bool = False, tools: tuple[ToolSpec, ...] = (),
        pictures: tuple[Picture, ...] = (),
    ) -> Reply:  # fmt: skip
        request = Request(
            role="models",
            template=template,
            template_hash="",
            messages=(Message(role="user", text=text, pictures=pictures),),
            tools=tools,
            output=schema_of(Colour) if output else None,
            max_tokens=min(512, self._endpoint.max_output),
            ceiling=self._endpoint.tier,
        )
        model = self._model_of(self._endpoint)
        reply = model.complete(request)
        again = widened(request, self._endpoint) if reply.finish == "length" else None
        return model.complete(again) if again else reply  # reasoning may have eaten the first limit


def _check(name: str, work: Callable[[], str]) -> Check:
    begun = monotonic()
    try:
        detail, ok = work(), True
    except FactoryError as problem:
        detail, ok = str(problem), False
    return Check(name=name, ok=ok, seconds=round(monotonic() - begun, 3), detail=detail)
