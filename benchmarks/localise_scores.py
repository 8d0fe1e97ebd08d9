"""Recall and reciprocal rank of orders of files against the gold."""

from collections.abc import Callable, Mapping, Sequence
from statistics import mean

from benchmarks.localise_tasks import Task

Orders = Mapping[Task, Sequence[str]]
DEPTHS = (1, 5, 10, 20)


def recall(task: Task, order: Sequence[str], depth: int) -> float:
    """Share of the gold among the first."""
    return len(set(order[:depth]) & set(task.gold)) / len(task.gold)


def reciprocal(task: Task, order: Sequence[str]) -> float:
    """1 / the place of the first gold file, 0 when it is not among the first fifty."""
    return next((1 / place for place, path in enumerate(order[:50], 1) if path in task.gold), 0.0)


def several(task: Task) -> bool:
    return len(task.gold) > 1


def scores(orders: Orders, wanted: Callable[[Task], bool] = lambda task: True) -> dict[str, float]:
    """Means over the tasks that are wanted; `several@5` of those with several gold files."""
    chosen = [(task, order) for task, order in orders.items() if wanted(task)]
    wide = [(task, order) for task, order in chosen if several(task)]
    found = {f"recall@{depth}": mean(recall(task, order, depth) for task, order in chosen) for depth in DEPTHS}
    found["MRR"] = mean(reciprocal(task, order) for task, order in chosen)
    found["several@5"] = mean(recall(task, order, 5) for task, order in wide) if wide else 0.0
    return found
