"""`reason()` as a tool: an agent's model hands one hard problem to the reasoning tier and goes on with its answer.

The gateway offers the tool, carries its calls out itself, and gives the model the result; the agent sees only the
last answer. Between the turns the local model holds no place, so it goes on serving others. Neither the request's
ceiling nor serve.reason_ceiling is passed. The answer comes in one piece, also when a stream was asked for: whether a
turn is the last is known only at its end.
"""

import json
from dataclasses import dataclass, replace

from factory.contracts.model import TIERS
from factory.contracts.record import Json
from factory.prompting import Prompts
from factory.serve.ask import Ask, dumped, text_size
from factory.serve.errors import Refused
from factory.serve.exchange import Out
from factory.serve.relay import Relay
from factory.serve.whole_events import chat_events, messages_events

NAME = "reason"
CALLS = 4  # of one answer that are carried out
TURNS = 4  # answers with calls of the tool, at most
EFFORT = 9
MODEL = "deep-logic"
ANSWER_TOKENS = 8_192
TIRED = "I asked the reasoning model several times and have no answer of my own."
PROBLEM = {"problem": {"type": "string", "description": "The whole problem, in plain text."}}
SCHEMA: Json = {"type": "object", "properties": PROBLEM, "required": ["problem"]}


@dataclass(frozen=True)
class Reasoner:
    """Answers requests that were offered the tool."""

    relay: Relay
    prompts: Prompts

    async def answer(self, ask: Ask, out: Out) -> None:
        """As Relay.answer. Raises Refused, also when the request names a tool `reason` of its own."""
        speech = MESSAGES if ask.form == "messages" else CHAT if ask.form == "chat" else None
        if speech is None:
            raise Refused("invalid_request", "The tool `reason` is offered on chat completions and messages only.")
        tools = ask.body.get("tools") or []
        if not isinstance(tools, list):
            raise Refused("invalid_request", "`tools` must be a list.")
        if any(speech.name_of(tool) == NAME for tool in tools):
            raise Refused("invalid_request", "The request has a tool `reason` of its own: rename it.")
        described = self.prompts.render("gateway/reason_tool").user.strip()
        body = {**ask.body, "stream": False, "tools": [*tools, speech.tool(described)]}
        body.pop("stream_options", None)
        asked = 0
        while True:
            answer = await _captured(self.relay, _with(ask, body))
            calls = speech.calls(answer.value) if answer.status == 200 else []
            if not calls:
                break
            if asked >= TURNS:
                answer.body = dumped(speech.without(answer.value))
                break
            asked += 1
            results = [(call, await self._reasoned(ask, problem)) for call, problem in calls[:CALLS]]
            body = {**body, "messages": [*body["messages"], *speech.turns(answer.value, results)]}
        out.heads = (*answer.heads, (b"x-factory-reasoned", str(asked).encode()))
        if answer.status != 200 or not ask.stream:
            await out.whole(answer.status, b"application/json", answer.body)
            return
        options = ask.body.get("stream_options")
        usage = isinstance(options, dict) and options.get("include_usage") is True
        await out.start(200, b"text/event-stream; charset=utf-8")
        await out.end(messages_events(answer.value) if ask.form == "messages" else chat_events(answer.value, usage))

    async def _reasoned(self, ask: Ask, problem: str) -> str:
        """The reasoning tier's answer, or a sentence that says why there is none: the agent's model goes on."""
        if not problem.strip():
            return "No problem was given: call reason with the whole problem as text."
        rendered = self.prompts.render("gateway/reason", problem=problem)
        messages = [{"role": "system", "content": rendered.system}, {"role": "user", "content": rendered.user}]
        body: Json = {"model": MODEL, "messages": messages, "max_tokens": ANSWER_TOKENS}
        highest = min(ask.ceiling, self.relay.settings.serve.reason_ceiling, key=TIERS.index)
        inner = replace(
            _with(replace(ask, form="chat", session="", headers={}), body),
            model=MODEL, role=NAME, effort=EFFORT, ceiling=highest, highest=highest,
        )  # fmt: skip
        try:
            answer = await _captured(self.relay, inner)
        except Refused as refusal:
            return f"The reasoning model could not be asked: {refusal}"
        said = _text(answer.value) if answer.status == 200 else ""
        return said or "The reasoning model gave no answer."


@dataclass(slots=True)
class Captured:
    """An answer that was kept instead of sent."""

    status: int
    heads: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def value(self) -> Json:
        value = json.loads(self.body)
        return value if isinstance(value, dict) else {}


async def _captured(relay: Relay, ask: Ask) -> Captured:
    parts: list[bytes] = []
    status = 0

    async def keep(message: dict[str, object]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))
        else:
            body = message.get("body")
            parts.append(body if isinstance(body, bytes) else b"")

    out = Out(keep)
    await relay.answer(ask, out)
    return Captured(status, out.heads, b"".join(parts))


def _with(ask: Ask, body: Json) -> Ask:
    raw = dumped(body)
    return replace(ask, body=body, raw=raw, stream=False, reason=False, size=text_size(raw))


def _text(completion: Json) -> str:
    choices = completion.get("choices") or [{}]
    said = (choices[0].get("message") or {}).get("content") if isinstance(choices[0], dict) else ""
    return said if isinstance(said, str) else ""


def _problem(arguments: object) -> str:
    """What the model wrote, also when it is not the JSON that was asked for."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return str(arguments)
    found = arguments.get("problem") if isinstance(arguments, dict) else None
    return found if isinstance(found, str) else ""


Calls = list[tuple[Json, str]]


class _Chat:
    def name_of(self, tool: Json) -> object:
        function = tool.get("function") if isinstance(tool, dict) else None
        return function.get("name") if isinstance(function, dict) else None

    def tool(self, described: str) -> Json:
        return {"type": "function", "function": {"name": NAME, "description": described, "parameters": SCHEMA}}

    def calls(self, completion: Json) -> Calls:
        message = (completion.get("choices") or [{}])[0].get("message") or {}
        found = [call for call in message.get("tool_calls") or [] if self.name_of(call) == NAME]
        return [(call, _problem(call["function"].get("arguments"))) for call in found]

    def without(self, completion: Json) -> Json:
        """The answer without calls that the agent could not carry out."""
        choice = completion["choices"][0]
        message = choice["message"]
        left = [call for call in message["tool_calls"] if self.name_of(call) != NAME]
        said = message.get("content") if left else message.get("content") or TIRED
        kept = {key: value for key, value in message.items() if key != "tool_calls"} | {"content": said}
        kept |= {"tool_calls": left} if left else {}
        ending = {"message": kept} if left else {"message": kept, "finish_reason": "stop"}
        return {**completion, "choices": [{**choice, **ending}]}

    def turns(self, completion: Json, results: Calls) -> list[Json]:
        """The model's turn with these calls alone: what else it wanted to call, it calls again afterwards."""
        message = completion["choices"][0]["message"]
        own = {"role": "assistant", "content": message.get("content"), "tool_calls": [call for call, _ in results]}
        return [own, *({"role": "tool", "tool_call_id": call.get("id"), "content": said} for call, said in results)]


class _Messages:
    def name_of(self, tool: Json) -> object:
        return tool.get("name") if isinstance(tool, dict) else None

    def tool(self, described: str) -> Json:
        return {"name": NAME, "description": described, "input_schema": SCHEMA}

    def calls(self, message: Json) -> Calls:
        blocks = [block for block in message.get("content") or [] if block.get("type") == "tool_use"]
        return [(block, _problem(block.get("input"))) for block in blocks if self.name_of(block) == NAME]

    def without(self, message: Json) -> Json:
        """As on the chat wire."""
        left = [block for block in message["content"] if block.get("type") != "tool_use" or self.name_of(block) != NAME]
        if any(block.get("type") == "tool_use" for block in left):
            return {**message, "content": left}
        said = left if any(block.get("type") == "text" for block in left) else [*left, {"type": "text", "text": TIRED}]
        return {**message, "content": said, "stop_reason": "end_turn"}

    def turns(self, message: Json, results: Calls) -> list[Json]:
        """As on the chat wire; text and thinking stay as they were."""
        wanted = [call for call, _ in results]
        own = [block for block in message["content"] if block.get("type") != "tool_use" or block in wanted]
        told = [{"type": "tool_result", "tool_use_id": call.get("id"), "content": said} for call, said in results]
        return [{"role": "assistant", "content": own}, {"role": "user", "content": told}]


CHAT, MESSAGES = _Chat(), _Messages()
