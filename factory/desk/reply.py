"""What a model's answer asks for: edit blocks, tools, a reproduction. Pure; executes nothing.

Tools and the reproduction count only outside edit blocks: a file's new content may mention them without effect.
"""

import json
import re
from typing import Literal

from factory.contracts.errors import BadReply
from factory.contracts.model import Reply, ToolCall
from factory.contracts.record import Json, Record

_OPEN = re.compile(r"(<{7,}) ?(SEARCH|CONTENT)")  # as factory.edits.blocks reads it
_THINK = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_TOOL = re.compile(r'<tool\s+name\s*=\s*["\']?([A-Za-z0-9_-]+)["\']?\s*>(.*?)</tool>', re.DOTALL)
_TOOL_START = re.compile(r"<tool\b")
_REPRODUCE = re.compile(r"^###? +reproduce *\n+(`{3,}|~{3,})[^\n]*\n(.*?)\n?^\1[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^### (edit|write|delete|rename)[ \t]+\S", re.MULTILINE)
_MARK = re.compile(r"\0(\d+)\0")
MAX_COMMAND = 4000
LEVELS = 50  # of nested arguments: what goes deeper breaks those who write it down


class Action(Record):
    """One tool to use. `id` is the native call's, '' for a tool written as text."""

    name: str
    arguments: Json
    id: str = ""


class Asked(Record):
    """All that one answer asks for."""

    edits: str = ""  # the text with edit blocks in it, '' when there are none
    actions: tuple[Action, ...] = ()
    reproduction: str = ""
    cause: Literal["", "cut", "arguments", "unclosed"] = ""  # why nothing of it may be executed
    detail: str = ""

    @property
    def empty(self) -> bool:
        return not self.edits and not self.actions


def asked(reply: Reply) -> Asked:
    """What the answer asks for; nothing at all of an answer that was cut, or of which one call is unreadable."""
    if reply.finish == "length":
        return Asked(cause="cut")
    skeleton, bodies = _split(reply.text)
    outside = _MARK.sub("", skeleton)
    reproduction = _REPRODUCE.search(outside)
    if _TOOL_START.search(_TOOL.sub("", outside)):
        return Asked(cause="unclosed")
    try:
        actions = (*map(_native, reply.calls), *(_action(name, text) for name, text in _TOOL.findall(outside)))
    except BadReply as problem:
        return Asked(cause="arguments", detail=str(problem))
    edits = _TOOL.sub("", _REPRODUCE.sub("", skeleton))
    return Asked(
        edits=_MARK.sub(lambda mark: bodies[int(mark[1])], edits) if bodies or _BLOCK.search(outside) else "",
        actions=actions,
        reproduction=reproduction.group(2).strip()[:MAX_COMMAND] if reproduction else "",
    )


def said(reply: Reply) -> str:
    """The prose of an answer: what stands outside blocks and tools, for the summary."""
    outside = _MARK.sub("", _split(reply.text)[0])
    prose = _TOOL.sub("", _REPRODUCE.sub("", outside))
    lines = [line.strip() for line in prose.splitlines() if line.strip() and not line.lstrip().startswith(("#", "`"))]
    return " ".join(lines)[:500]


def _split(text: str) -> tuple[str, list[str]]:
    """The answer with the body of each edit block replaced by a numbered mark, and the bodies."""
    skeleton: list[str] = []
    bodies: list[str] = []
    ends: tuple[str, ...] = ()  # the markers that close the body we are in
    for line in re.findall(r"[^\n]*\n|[^\n]+", _THINK.sub("", text.replace("\0", ""))):
        opened = _OPEN.fullmatch(line.strip())
        if ends:
            bodies[-1] += line
            ends = () if line.rstrip() in ends else ends
        elif opened:
            ends = (">" * len(opened[1]) + " REPLACE", ">" * len(opened[1]) + " END")
            skeleton.append(f"\0{len(bodies)}\0")
            bodies.append(line)
        else:
            skeleton.append(line)
    return "".join(skeleton), bodies


def _native(call: ToolCall) -> Action:
    return _action(call.name, call.arguments or "{}", call.id)


def _action(name: str, text: str, call_id: str = "") -> Action:
    """Raises BadReply when the arguments are not one JSON object of few levels."""
    try:
        arguments = json.loads(text.strip() or "{}")
        json.dumps(arguments, ensure_ascii=False).encode()  # half a surrogate pair is no text that can be written down
    except ValueError as error:
        raise BadReply(f"{name}: {error}") from None
    except RecursionError:
        raise BadReply(_too_deep(name)) from None
    if not isinstance(arguments, dict):
        raise BadReply(f"{name}: the arguments are not a JSON object")
    if _is_deep(arguments):
        raise BadReply(_too_deep(name))
    return Action(name=name, arguments=arguments, id=call_id)


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(LEVELS):
        inside = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [child for children in inside for child in children]
    return bool(level)


def _too_deep(name: str) -> str:
    return f"{name}: the arguments are nested more than {LEVELS} levels deep"
