"""GitHub's parser and evaluator as a child process that answers JSON lines. Safe to ask from several threads."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json, Record
from factory.simulator.expressions.install import bundle, node


class Fault(Record):
    """What GitHub's parser says about a file. Line and column are 1-based, 0 = of the whole file."""

    message: str
    line: int = 0
    column: int = 0


class Parsed(Record):
    """A workflow or action file as plain JSON; an expression stays the text `${{ … }}`."""

    errors: tuple[Fault, ...] = ()
    document: Json | None = None


class Status(Record):
    """What success(), failure() and cancelled() answer; `results` are those of needed jobs by id."""

    success: bool = True
    failure: bool = False
    cancelled: bool = False
    results: dict[str, str] = {}


class ExpressionProblem(FactoryError):
    """An expression could not be evaluated; the message is the evaluator's own."""


class Expressions:
    """One child process; close it, or use `expressions()`."""

    def __init__(self, driver: Path, executable: str) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [executable, str(driver)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={},
        )

    def parse(self, name: str, content: str, kind: str = "workflow") -> Parsed:
        """A workflow file, or with kind `action` an action.yml, as GitHub reads it."""
        return Parsed.model_validate(self._ask(op="parse", name=name, content=content, kind=kind))

    def fill(
        self, value: Any, contexts: Mapping[str, Any], status: Status | None = None, workspace: Path | None = None
    ) -> Any:
        """A value with every `${{ }}` evaluated. Raises ExpressionProblem."""
        if not _has_expression(value):
            return value
        return self._ask(op="evaluate", value=value, **_surroundings(contexts, status, workspace))

    def holds(
        self, text: object, contexts: Mapping[str, Any], status: Status | None = None, workspace: Path | None = None
    ) -> bool:
        """An `if:`, in `${{ }}` or bare; success() is implied unless it calls a status function."""
        said = "" if text is None else str(text).lower() if isinstance(text, bool) else str(text)
        return bool(self._ask(op="condition", text=said, **_surroundings(contexts, status, workspace)))

    def close(self) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError):
            if self._process.stdin:
                self._process.stdin.close()
        self._process.wait(timeout=10)
        if self._process.stdout:
            self._process.stdout.close()

    def _ask(self, **request: Any) -> Any:
        line = json.dumps(request, ensure_ascii=True) + "\n"
        with self._lock:
            stdin, stdout = self._process.stdin, self._process.stdout
            if stdin is None or stdout is None or stdin.closed:
                raise FactoryError("The expression evaluator was closed.")
            try:
                stdin.write(line)
                stdin.flush()
                said = stdout.readline()
            except BrokenPipeError:
                said = ""
        if not said:
            raise FactoryError("The expression evaluator ended unexpectedly: what Node said stands above.")
        answer = json.loads(said)
        if "error" in answer:
            raise ExpressionProblem(str(answer["error"]))
        return answer["result"]


@contextlib.contextmanager
def expressions(cache: Path | None = None) -> Iterator[Expressions]:
    """The evaluator while the block runs; fetched on first use."""
    running = Expressions(bundle(cache), node())
    try:
        yield running
    finally:
        running.close()


def _surroundings(contexts: Mapping[str, Any], status: Status | None, workspace: Path | None) -> dict[str, Any]:
    found = {"contexts": dict(contexts), "status": (status or Status()).model_dump()}
    return {**found, "workspace": str(workspace)} if workspace else found


def _has_expression(value: Any) -> bool:
    if isinstance(value, str):
        return "${{" in value
    if isinstance(value, Mapping):
        return any(_has_expression(part) for item in value.items() for part in item)
    return isinstance(value, list | tuple) and any(map(_has_expression, value))
