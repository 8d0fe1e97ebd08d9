"""Lines made by hand, and a clock that stands."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.contracts.memory import Decision, Observation, Suggestion
from factory.contracts.memory_settings import MemorySettings
from factory.memory.lines import iso, signed
from factory.memory.store import MemoryStore, open_memory

NOW = 1_800_000_000.0
DAY = 86_400.0
REPO = "github.com/acme/shop"


def day(n: float) -> str:
    """`n` days before now."""
    return iso(NOW - n * DAY)


def seen(kind: str, run: str, ago: float = 0, **facts: Any) -> Observation:
    return signed(Observation.model_validate({"kind": kind, "run": run, "at": day(ago), **facts}))


def run_of(run: str, *paths: str, ago: float = 0, word: str = "accepted", **facts: Any) -> Observation:
    return seen("run", run, ago, paths=paths, word=word, n=3, rounds=1, **facts)


def found(run: str, path: str, ago: float = 0, rule: str = "race", word: str = "open", **facts: Any) -> Observation:
    told = {"paths": (path,), "tool": "hydra.correctness", "about": "f" * 12, "severity": "high", **facts}
    return seen("finding", run, ago, rule=rule, word=word, **told)


def said(text: str, run: str = "r1", ago: float = 0, paths: Sequence[str] = ()) -> Suggestion:
    return signed(Suggestion(run=run, at=day(ago), role="backend", text=text, paths=tuple(paths)))


def decided(target: str, what: str, ago: float = 0) -> Decision:
    return signed(Decision.model_validate({"at": day(ago), "target": target, "what": what}))


def memory(folder: Path, now: float = NOW, **settings: Any) -> MemoryStore:
    folder.mkdir(exist_ok=True)
    return open_memory(folder, MemorySettings(**settings), lambda: now)
