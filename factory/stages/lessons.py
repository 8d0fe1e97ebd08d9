"""What a stage asks of the memory, and tells it: lessons into a pack, a run's end out of its record."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from factory.codegraph.store.store import Damaged
from factory.codegraph.view import View
from factory.contracts.errors import FactoryError
from factory.contracts.memory import Lessons, Question, Recalled
from factory.contracts.memory_settings import MemorySettings
from factory.contracts.run import Run
from factory.contracts.seams import Journal
from factory.llm.environment import secrets_of
from factory.llm.redact import unless_secret
from factory.llm.tokens import BYTES_PER_TOKEN
from factory.memory.observe import observed
from factory.memory.of_repository import RepositoryMemory
from factory.memory.recall import names_in
from factory.stages.shop import Shop
from factory.stages.words import MAX_DIFF

MOST_WORDS = 2_000  # of a task


def memory_of(run: Run, folder: Path, settings: MemorySettings, journal: Journal) -> RepositoryMemory:
    """What earlier runs on the run's repository taught; `folder` is the state folder."""
    return RepositoryMemory(folder, Path(run.repo.path), settings, time.time,
                            lambda event, facts: journal.note(run.id, event, **facts))  # fmt: skip


def lessons_for(
    run: Run, shop: Shop, words: str, paths: tuple[str, ...], *, tokens: int | None = None
) -> tuple[Recalled, ...]:
    """The lessons for a task, best first, within `tokens` and [memory] share of a pack. A journalled step: a resumed
    and a replayed run see what the first one saw."""
    memory = shop.memory
    if memory is None:
        return ()
    most = int(shop.settings.line.pack_tokens * shop.settings.memory.share)
    question = Question(words=tuple(words.split()[:MOST_WORDS]), paths=paths, symbols=names_in(words)[:MOST_WORDS],
                        tokens=most if tokens is None else min(tokens, most))  # fmt: skip
    scope = shop.journal.scope(run.id, "gather", "lessons")
    return scope.step("recall", question, lambda: memory.recall(question), Lessons).found


def lessons_on_change(run: Run, shop: Shop, n: int) -> tuple[Recalled, ...]:
    """The lessons that name a file of the candidate's change, for all who look at it in round `n`: asked once, so that
    their prompts begin alike, and at most [memory] share of what a diff may take."""
    memory = shop.memory
    if memory is None:
        return ()
    paths = tuple(change.path for change in shop.trees.changed(run.repo.tree, run.tree))
    room = min(shop.settings.line.pack_tokens, MAX_DIFF // BYTES_PER_TOKEN)
    question = Question(paths=paths, tokens=int(room * shop.settings.memory.share))
    scope = shop.journal.scope(run.id, "refine", f"r{n}.lessons")
    found = scope.step("recall", question, lambda: memory.recall(question), Lessons).found
    return tuple(each for each in found if not set(paths).isdisjoint(each.paths))


def remember(run: Run, shop: Shop) -> None:
    """Keep what this run showed. A run that goes on is looked at again."""
    if shop.memory is None:
        return
    said = unless_secret(secrets_of(shop.settings.endpoints, os.environ))
    try:
        shop.memory.observe(run.id, lambda: observed(run, shop.clock.now(), _symbols(run, shop), said))
    except Exception as error:  # noqa: BLE001  the run has ended and said so: no fault of ours here may undo that
        shop.journal.note(run.id, "memory_failed", text=f"{type(error).__name__}: {error}"[:500])


def _symbols(run: Run, shop: Shop) -> Callable[[str, int], str]:
    """(path, line) -> the innermost symbol around that line of the candidate, '' when nobody knows."""
    view = _view(run, shop) if any(turn.findings for turn in run.rounds) else None
    if view is None:
        return lambda path, line: ""

    def symbol_at(path: str, line: int) -> str:
        around = [one for one in view.facts(path).symbols if one.start <= line <= one.end]
        return max(around, key=lambda one: (one.start, -one.end)).full if around else ""

    return symbol_at


def _view(run: Run, shop: Shop) -> View | None:
    """The code graph of the candidate; without it a lesson is about a file alone."""
    try:
        return shop.view(run.tree) if shop.view and run.tree else None
    except (FactoryError, Damaged, OSError, ImportError):
        return None
