"""Answers from a file, inside the process: for the demo, the tests and the curious. The format stands in script.py."""

from dataclasses import dataclass, replace
from pathlib import Path

from factory.contracts.errors import BadReply, RateLimited, Refused, ServerFault, WrongKey
from factory.contracts.model import Endpoint, Reply, Request, ToolCall, Usage
from factory.contracts.record import digest, digest_of
from factory.contracts.seams import Clock
from factory.llm import tokens
from factory.llm.problems import CutOff, Repeating
from factory.llm.providers.script import Asked, Decks, ScriptReply, read_script
from factory.llm.repetition import repeats


@dataclass(frozen=True)
class Scripted:
    """One file. Implements contracts.model.Model."""

    endpoint: Endpoint
    clock: Clock
    decks: Decks
    run: str = ""

    def for_run(self, run: str) -> "Scripted":
        return replace(self, run=run)

    def complete(self, request: Request) -> Reply:
        reply = self.decks.of(self.run).next(asked(request))
        if reply is None:
            raise Refused(
                f"the script {self.endpoint.script} has no reply left for the role {request.role} and the template "
                f"{request.template} after {_turn(request)} answers"
            )
        if reply.delay_s:
            self.clock.sleep(reply.delay_s)
        _faults(self.endpoint, reply)
        return answer(self.endpoint, request, reply)


def make(endpoint: Endpoint, clock: Clock, state: Path | None) -> Scripted:
    """Raises UsageProblem when the endpoint's script cannot be read."""
    script = read_script(Path(endpoint.script))
    folder = state / "scripted" if state is not None else None
    name = digest(script.to_json())[:16]
    return Scripted(endpoint, clock, Decks(script, lambda run: folder / digest(run)[:16] / name if folder else None))


def asked(request: Request) -> Asked:
    return Asked(
        role=request.role,
        template=request.template,
        said=tuple(message.text for message in request.messages if message.role == "user"),
        turn=_turn(request),
        key=digest_of(request),
    )


def _turn(request: Request) -> int:
    return sum(message.role == "assistant" for message in request.messages)


def _faults(endpoint: Endpoint, reply: ScriptReply) -> None:
    """The same errors that the same script gives over HTTP."""
    name = endpoint.name
    if reply.status == 429:
        raise RateLimited(f"{name} says 429, too many requests", reply.retry_after)
    if reply.status in (401, 403):
        raise WrongKey(f"{reply.status}")
    if reply.status >= 500:
        raise ServerFault(f"{name} says {reply.status}", reply.retry_after)
    if reply.status >= 400:
        raise Refused(f"{name} says {reply.status}")
    if reply.reset or reply.drip_s > endpoint.idle_s:
        raise CutOff(f"{name}: the connection broke")
    if reply.html:
        raise BadReply(f"{name} answered with a web page (HTML), not with JSON")
    if repeats(reply.text):
        raise Repeating(f"{name} repeats itself")


def answer(endpoint: Endpoint, request: Request, reply: ScriptReply) -> Reply:
    calls = tuple(
        ToolCall(id=call.id or f"call_{_turn(request)}_{n}", name=call.name, arguments=call.text)
        for n, call in enumerate(reply.calls)
    )
    text = reply.text + "".join(call.arguments for call in calls)
    return Reply(
        text=reply.text,
        calls=calls,
        finish=reply.finish or ("tool_calls" if calls else "stop"),
        usage=reply.usage or Usage(input=tokens.planned(request), output=max(1, tokens.estimate(text))),
        model=endpoint.model or "scripted",
        margin=reply.margin,
    )
