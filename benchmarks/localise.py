"""Which files a bug fix touched, told from its message: the ranking beside BM25, aider's map and grep.

    python -m benchmarks.localise --clones FOLDER --cache FOLDER [--aider PYTHON] [--half fit] [--write]

FOLDER of clones: each repository of data/localise.toml as OWNER+NAME, with its history. What is read and found is kept
in the cache, so that a second run takes seconds. --aider is an interpreter that has aider 0.86: it ranks the first few
commits of each repository. --write puts the tables into docs/benchmarks.md. Ends with 1 when a goal is missed.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks import localise_baselines, localise_tasks
from benchmarks.localise_baselines import METHODS, Texts
from benchmarks.localise_runs import Run, runs
from benchmarks.localise_scores import Orders, scores
from benchmarks.localise_tasks import Task, batches, clone, tasks
from benchmarks.table import machine

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
FROM, TO = "<!-- measured: python -m benchmarks.localise -->", "<!-- end: localise -->"
OURS, RIVAL, AIDER = "`ranked`", "BM25", "aider's map"
AIDER_EACH = 4  # commits of one repository: a map takes seconds
GOALS = {"recall@1": 0.12, "recall@5": 0.08, "MRR": 0.08, "several@5": 0.12}
Chosen = Callable[[Task], bool]


def main() -> int:
    arguments = _arguments()
    wanted = [task for task in tasks(arguments.clones) if task.half == arguments.half]
    found = {bare: list(runs(arguments.clones, arguments.cache, wanted, bare)) for bare in (False, True)}
    orders: dict[bool, dict[str, dict[Task, Sequence[str]]]] = {}
    for bare, each in found.items():
        orders[bare] = {OURS: {run.task: run.order() for run in each}}
        orders[bare] |= _baselines(arguments.clones, arguments.cache, wanted, bare, arguments.aider)
    text = "\n\n".join(_tables(wanted, found[False], orders))
    print(text)
    if arguments.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(FROM)
        PAGE.write_text(f"{before}{FROM}\n\n{text}\n\n{TO}{rest.partition(TO)[2]}", encoding="utf-8")
    return int("MISSED" in text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--aider", type=Path)
    parser.add_argument("--half", choices=("fit", "judged"), default="judged")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


def _baselines(
    clones: Path, cache: Path, wanted: Sequence[Task], bare: bool, aider: Path | None
) -> dict[str, dict[Task, Sequence[str]]]:
    """The others' orders, kept with the code that made them."""
    code = b"".join(Path(module.__file__ or "").read_bytes() for module in (localise_baselines, localise_tasks))
    kept = cache / f"baselines-{zlib.crc32(code):08x}"
    kept.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[Task, Sequence[str]]] = {}
    for name, batch in batches(wanted):
        texts = Texts(clone(clones, name))
        for task in batch:
            file = kept / f"{task.sha}{'-bare' if bare else ''}.json"
            if not file.exists():
                query = task.bare if bare else task.query
                file.write_text(json.dumps({name: method(texts, task, query)[:50] for name, method in METHODS.items()}))
            for method, order in json.loads(file.read_text()).items():
                found.setdefault(method, {})[task] = order
        if aider and not bare:
            found.setdefault(AIDER, {}).update(_aider(aider, kept, texts, batch[:AIDER_EACH]))
        texts.close()
    return found


def _aider(python: Path, kept: Path, texts: Texts, few: Sequence[Task]) -> dict[Task, Sequence[str]]:
    file = kept / f"aider-{len(few)}-{few[0].sha}.json"
    if not file.exists():
        file.write_text(json.dumps(localise_baselines.aider(python, texts, few)))
    return dict(zip(few, json.loads(file.read_text()), strict=True))


def _tables(wanted: Sequence[Task], found: Sequence[Run], orders: Mapping[bool, Mapping[str, Orders]]) -> list[str]:
    plain = orders[False]
    sub = set(plain.get(AIDER, ()))
    parts = [
        f"{machine()}\n\n{len(wanted)} commits of {len({task.repository for task in wanted})} repositories; "
        f"{sum(len(task.gold) > 1 for task in wanted)} with several gold files. A query took "
        f"{median(run.seconds for run in found) * 1000:.0f} ms "
        "(median, each on a view of its own, nothing of it read before).",
        _goals(plain),
        "Whole message:\n\n" + _table({name: each for name, each in plain.items() if name != AIDER}),
        "Scope of the subject dropped:\n\n" + _table(orders[True]),
        _by("Language", wanted, plain, lambda task: task.language),
        _by("Repositories", wanted, plain, lambda task: "none fitted on" if task.held else "older commits fitted on"),
    ]
    if sub:
        parts.append(
            f"With aider's map, the first {AIDER_EACH} commits of each repository ({len(sub)}):\n\n"
            + _table({name: {task: each[task] for task in sub} for name, each in plain.items()})
        )
    return parts


def _goals(orders: Mapping[str, Orders]) -> str:
    ours, rival = scores(orders[OURS]), scores(orders[RIVAL])
    rows = [
        f"| {name} over BM25 | ≥ +{goal:.2f} | {ours[name] - rival[name]:+.3f} | "
        f"{'met' if ours[name] - rival[name] >= goal else 'MISSED'} |"
        for name, goal in GOALS.items()
    ]
    return "\n".join(("| What | Goal | Measured | Verdict |", "| --- | --- | --- | --- |", *rows))


def _table(orders: Mapping[str, Orders]) -> str:
    each = {name: scores(found) for name, found in orders.items()}
    head = list(next(iter(each.values())))
    rows = [f"| {name} | " + " | ".join(f"{value:.3f}" for value in row.values()) + " |" for name, row in each.items()]
    return "\n".join((f"| | {' | '.join(head)} |", "| --- |" + " --- |" * len(head), *rows))


def _by(title: str, wanted: Sequence[Task], orders: Mapping[str, Orders], key: Callable[[Task], str]) -> str:
    """Ours and BM25's, side by side for each group."""
    rows = [f"| {title} | commits | recall@1 | recall@5 | recall@10 | MRR |", "| --- |" + " --- |" * 5]
    for group in sorted({key(task) for task in wanted}):
        chosen: Chosen = lambda task, group=group: key(task) == group  # type: ignore[misc]  # noqa: E731
        ours, rival = scores(orders[OURS], chosen), scores(orders[RIVAL], chosen)
        cells = (
            f"{ours[name]:.3f} ({ours[name] - rival[name]:+.3f})"
            for name in ("recall@1", "recall@5", "recall@10", "MRR")
        )
        rows.append(f"| {group} | {sum(map(chosen, wanted))} | {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
