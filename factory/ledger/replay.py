"""Offline replay: the same line, every step answered from the recording and none done."""

import json
from collections.abc import Callable
from typing import Any

from factory.contracts.errors import ReplayDiffers
from factory.contracts.record import Json, R, Record, digest_of
from factory.contracts.run import Run
from factory.ledger.journal import SqliteJournal, Step

MEANING = ("status", "exit_code", "counts")  # what two runs of one check must agree on


class ReplayJournal:
    """Implements contracts.seams.Journal over another run's recording; writes nothing.

    `rerun` does steps of kind "check" again and compares status, exit code and counts with the recorded ones.
    """

    def __init__(self, recording: SqliteJournal, rerun: bool = False) -> None:
        self.recording = recording
        self.rerun = rerun
        self.used = 0

    def save(self, run: Run, stage: str) -> None:
        """Nothing: a replay leaves no trace."""

    def check(self, run: str) -> int:
        return 0

    def note(self, run: str, event: str, **facts: Any) -> None:
        """Nothing: a replay leaves no trace."""

    def scope(self, run: str, stage: str, unit: str = "") -> "ReplayScope":
        return ReplayScope(self, run, stage, unit)


class ReplayScope:
    def __init__(self, journal: ReplayJournal, run: str, stage: str, unit: str) -> None:
        self.journal = journal
        self.place = (run, stage, unit)
        self.n = 0

    def step(self, kind: str, request: Record, work: Callable[[], R], output: type[R]) -> R:
        """The recorded answer. Raises ReplayDiffers naming stage, unit, template and what changed."""
        n, self.n = self.n, self.n + 1
        found = self.journal.recording.find(*self.place, n)
        label = _label(kind, json.loads(request.to_json()))
        where = f"stage {self.place[1]}, unit {self.place[2] or '-'}, step {n} ({label})"
        if found is None:
            raise ReplayDiffers(
                f"{where}: not in the recording: the line took a step that the recorded run did not take."
            )
        if found.kind != kind or found.input_digest != digest_of(request):
            raise ReplayDiffers(f"{where}: the input differs from the recording: {_difference(found, kind, request)}.")
        self.journal.used += 1
        value = output.from_json(found.output)
        if self.journal.rerun and kind == "check":
            _compare(where, json.loads(value.to_json()), json.loads(work().to_json()))
        return value


def _compare(where: str, recorded: Json, fresh: Json) -> None:
    for name in MEANING:
        if recorded.get(name) != fresh.get(name):
            raise ReplayDiffers(f"{where}: run again, {name} is {fresh.get(name)}; recorded was {recorded.get(name)}.")


def _label(kind: str, request: Json) -> str:
    inner = request.get("request", request)
    template = inner.get("template") if isinstance(inner, dict) else None
    return f"{kind}, template {template}" if template else kind


def _difference(found: Step, kind: str, request: Record) -> str:
    if found.kind != kind:
        return f"it was a step of kind {found.kind!r}"
    return _first_change("", json.loads(found.input), json.loads(request.to_json())) or "its encoding"


def _first_change(path: str, old: Any, new: Any) -> str:
    """The path of the first value that differs, with both values cut short."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            found = _first_change(f"{path}.{key}".lstrip("."), old.get(key), new.get(key))
            if found:
                return found
        return ""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return next(
            filter(None, (_first_change(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(old, new, strict=True)))),
            "",
        )
    return "" if old == new else f"{path or 'it'} was {_short(old, new)}, is {_short(new, old)}"


def _short(value: Any, other: Any) -> str:
    """Up to 80 characters around the first place where two values part."""
    text, against = str(value), str(other)
    part = next(
        (i for i, (a, b) in enumerate(zip(text, against, strict=False)) if a != b), min(len(text), len(against))
    )
    start = max(0, part - 30)
    return repr(text[start : start + 80])
