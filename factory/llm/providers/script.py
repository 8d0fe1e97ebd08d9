"""Recorded answers in a file, and which of them comes next.

The file is JSON:

    {"label": "shown wherever these answers are used",
     "replies": [{"role": "genesis",            "" = any role
                  "template": "genesis/judge",  "" = any template
                  "match": "text",              a piece of any user message of the conversation; "" = any
                  "nth": 0,                     only as the answer after this many assistant turns; absent = any
                  "text": "...",                what is said
                  "calls": [{"name": "read", "arguments": {"path": "a.py"}, "id": "optional"}],
                  "finish": "stop",             stop, length, tool_calls, filtered; absent = by `calls`
                  "usage": {"input": 10, "output": 5},   absent = counted from the text
                  "margin": 2.5,                log-probability margin of the decision, where asked for
                  "repeat": false,              true: for ever, not once
                  "delay_s": 0,                 before the answer
                  "drip_s": 0,                  between the parts of the stream
                  "status": 200, "retry_after": 3, "reset": false, "html": false}]}   faults

The next answer is the first that fits and is not used up, those with a `match` before those without: so the order is
kept for each (role, template, match) by itself, and units that run side by side do not take each other's answers.
The same request gets the same answer again, whatever came between: a run that was killed before it could write an
answer down hears it once more. Only faults (`status`, `reset`, `html`) are never remembered, so that a retry goes on.
"""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from factory.contracts.errors import UsageProblem
from factory.contracts.model import Usage
from factory.contracts.record import Field, Json, Record, ValidationError, problems
from factory.files import write_whole


class ScriptCall(Record):
    name: str
    arguments: Json | str = {}  # text: as a careless model wrote it
    id: str = ""

    @property
    def text(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments, ensure_ascii=False)


class ScriptReply(Record):
    """One answer; see the module for each field."""

    role: str = ""
    template: str = ""
    match: str = ""
    nth: int | None = None
    text: str = ""
    calls: tuple[ScriptCall, ...] = ()
    finish: Literal["stop", "length", "tool_calls", "filtered"] | None = None
    usage: Usage | None = None
    margin: float | None = None
    repeat: bool = False
    delay_s: float = Field(default=0, ge=0)
    drip_s: float = Field(default=0, ge=0)
    status: int = Field(default=200, ge=200, le=599)
    retry_after: float | None = None
    reset: bool = False
    html: bool = False

    @property
    def is_fault(self) -> bool:
        return self.status != 200 or self.reset or self.html


class Script(Record):
    label: str = ""
    replies: tuple[ScriptReply, ...] = ()


class Asked(Record):
    """What a request is chosen by. `key` is a digest of all of it."""

    role: str
    template: str
    said: tuple[str, ...]  # texts of the user messages
    turn: int  # assistant turns so far
    key: str


class _Memory(Record):
    used: tuple[int, ...] = ()
    answers: dict[str, int] = {}


def read_script(path: Path) -> Script:
    """Raises UsageProblem when there is no such file or it is not a script."""
    try:
        return Script.from_json(path.read_bytes())
    except OSError as error:
        raise UsageProblem(f"The script {path} cannot be read ({error.strerror}): name a file of replies.") from None
    except ValidationError as error:
        raise UsageProblem(f"The script {path} is not one: {'; '.join(problems(error)[:3])}.") from None


class Deck:
    """The answers of one run. Its memory is written to `path` before an answer is given, if there is one."""

    def __init__(self, script: Script, path: Path | None = None) -> None:
        self._script = script
        self._path = path
        self._lock = threading.Lock()
        self._memory = _Memory()
        if path is not None and path.exists():
            self._memory = _Memory.from_json(path.read_bytes())

    def next(self, asked: Asked) -> ScriptReply | None:
        """None when no answer fits any more."""
        with self._lock:
            known = self._memory.answers.get(asked.key)
            if known is not None:
                return self._script.replies[known]
            number = self._choose(asked)
            if number is None:
                return None
            reply = self._script.replies[number]
            if not reply.repeat:
                self._remember(number, "" if reply.is_fault else asked.key)
            return reply

    def _choose(self, asked: Asked) -> int | None:
        fitting = [
            number
            for number, reply in enumerate(self._script.replies)
            if number not in self._memory.used
            and reply.role in ("", asked.role)
            and reply.template in ("", asked.template)
            and reply.nth in (None, asked.turn)
            and (not reply.match or any(reply.match in text for text in asked.said))
        ]
        return min(fitting, key=lambda number: (not self._script.replies[number].match, number), default=None)

    def _remember(self, number: int, key: str) -> None:
        answers = {**self._memory.answers, key: number} if key else self._memory.answers
        self._memory = _Memory(used=(*self._memory.used, number), answers=answers)
        if self._path is not None:
            write_whole(self._path, self._memory.to_json())


class Decks:
    """A deck for each run."""

    def __init__(self, script: Script, path_of: Callable[[str], Path | None] = lambda run: None) -> None:
        self._script = script
        self._path_of = path_of
        self._decks: dict[str, Deck] = {}
        self._lock = threading.Lock()

    def of(self, run: str) -> Deck:
        with self._lock:
            if run not in self._decks:
                self._decks[run] = Deck(self._script, self._path_of(run))
            return self._decks[run]
