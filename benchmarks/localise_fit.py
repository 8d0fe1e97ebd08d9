"""Fits the ranking's weights on the first half of the commits: each gold file's softmax over itself and all that is no
gold, ridge, by Adam. Several gold files of one task do not compete.

    python -m benchmarks.localise_fit --clones FOLDER --cache FOLDER [--ablate]

Needs numpy, which the product does not. Prints `weights.toml`'s lines; `--ablate` prints what each signal brings:
the weights fitted anew without it, and with it alone beside BM25, each judged on the other half.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.localise_runs import Run, runs
from benchmarks.localise_scores import scores
from benchmarks.localise_tasks import tasks

RIDGE, STEPS, RATE = 1e-3, 600, 0.1
KINDS = ("test", "plain", "aside")  # what a file is: kept beside BM25, which ranks sources only
BY_HAND = {"named": 6.0, "traced": 4.0, "embedded": 1.0}  # the queries have no paths, no traces; no model was there


class Fitted:
    """The weights of some signals for the given runs."""

    def __init__(self, found: Sequence[Run], names: Sequence[str]) -> None:
        useful = [run for run in found if set(run.pool) & set(run.task.gold)]
        sizes = [len(run.pool) for run in useful]
        self._rows = np.array(
            [[run.table[name].get(path, 0.0) for name in names] for run in useful for path in run.pool]
        )
        self._gold = np.array([float(path in run.task.gold) for run in useful for path in run.pool])
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._task = np.repeat(np.arange(len(useful)), sizes)
        self._part = self._gold / np.add.reduceat(self._gold, self._starts)[self._task]
        self.weights = dict(zip(names, map(float, self._fit()), strict=True))

    def _fit(self) -> "np.ndarray":  # type: ignore[type-arg]
        weights = np.zeros(self._rows.shape[1])
        mean, spread = np.zeros_like(weights), np.zeros_like(weights)
        for step in range(1, STEPS + 1):
            slope = self._slope(weights)
            mean, spread = 0.9 * mean + 0.1 * slope, 0.999 * spread + 0.001 * slope**2
            weights = weights - RATE * (mean / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.999**step)) + 1e-8)
        return weights

    def _slope(self, weights: "np.ndarray") -> "np.ndarray":  # type: ignore[type-arg]
        score = self._rows @ weights
        score = np.exp(score - np.maximum.reduceat(score, self._starts)[self._task])
        others = np.add.reduceat(score * (1 - self._gold), self._starts)[self._task]
        missed = self._part / (score + others)
        pushed = score * np.add.reduceat(missed, self._starts)[self._task]
        slope = np.where(self._gold > 0, -others * missed, pushed)
        return self._rows.T @ slope / len(self._starts) + 2 * RIDGE * weights


def judged(found: Iterable[Run], weights: Mapping[str, float]) -> str:
    result = scores({run.task: run.order(weights) for run in found})
    return " | ".join(f"{value:.3f}" for value in result.values())


def crossed(found: Sequence[Run], names: Sequence[str]) -> str:
    """Each repository judged by weights from the others: for choosing signals without a look at the other half."""
    orders = {}
    for name in dict.fromkeys(run.task.repository for run in found):
        weights = Fitted([run for run in found if run.task.repository != name], names).weights
        orders |= {run.task: run.order(weights) for run in found if run.task.repository == name and not run.bare}
    return " | ".join(f"{value:.3f}" for value in scores(orders).values())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--ablate", action="store_true")
    arguments = parser.parse_args()
    wanted = tasks(arguments.clones)
    halves = {
        half: [
            run
            for bare in (False, True)
            for run in runs(arguments.clones, arguments.cache, [task for task in wanted if task.half == half], bare)
        ]
        for half in (("fit", "judged") if arguments.ablate else ("fit",))
    }
    names = sorted(set(halves["fit"][0].table) - set(BY_HAND))
    weights = Fitted(halves["fit"], names).weights
    print(
        "\n".join(
            f"{name} = {value:.2f}" for name, value in sorted((weights | BY_HAND).items(), key=lambda row: -row[1])
        )
    )
    print(f"\nrepositories by turns: {crossed(halves['fit'], names)}")
    if arguments.ablate:
        ablate(halves["fit"], [run for run in halves["judged"] if not run.bare], names)


def ablate(fit: Sequence[Run], other: Sequence[Run], names: Sequence[str]) -> None:
    full = Fitted(fit, names).weights
    print(f"\n| all | {judged(other, full)} |")
    for name in names:
        less = Fitted(fit, [one for one in names if one != name]).weights
        print(f"| without {name} | {judged(other, less)} |", flush=True)
    beside = ["body", *KINDS]
    print(f"| BM25 alone | {judged(other, Fitted(fit, beside).weights)} |")
    for name in (name for name in names if name not in beside):
        print(f"| BM25 and {name} | {judged(other, Fitted(fit, [*beside, name]).weights)} |", flush=True)


if __name__ == "__main__":
    main()
