"""What a stage asks of the memory, and tells it: lessons into a pack, a run's end out of its record."""

from factory.contracts.memory import Lessons, Question, Recalled
from factory.contracts.run import Run
from factory.memory.observe import observed
from factory.stages.shop import Shop


def lessons_for(run: Run, shop: Shop, words: str, paths: tuple[str, ...], symbols: tuple[str, ...] = (),
                tokens: int = 0) -> tuple[Recalled, ...]:  # fmt: skip
    """The lessons for a task, best first, within `tokens` and [memory] share of a pack. A journalled step: a resumed
    and a replayed run see what the first one saw."""
    memory = shop.memory
    if memory is None:
        return ()
    most = int(shop.settings.line.pack_tokens * shop.settings.memory.share)
    question = Question(words=tuple(words.split()[:2000]), paths=paths, symbols=symbols,
                        tokens=min(tokens, most) if tokens else most)  # fmt: skip
    scope = shop.journal.scope(run.id, "gather", "lessons")
    return scope.step("recall", question, lambda: memory.recall(question), Lessons).found


def remember(run: Run, shop: Shop) -> None:
    """Keep what this run showed. Never fails a run; a run that goes on is looked at again."""
    if shop.memory is not None:
        shop.memory.observe(run.id, lambda: observed(run, shop.clock.now()))
