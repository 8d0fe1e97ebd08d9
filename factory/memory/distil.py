"""Lessons from what was seen: counts over runs, put into sentences of our own. Pure and deterministic.

Each rule below looks at the newest runs that changed a file and says how often something happened in them. `base`, a
lesson's weight before decay and before it has helped or failed, is k / (n + 1): seen k times in n runs, and never
quite certain. Names in the sentences have passed `screen`; nothing else in them comes from outside.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from factory.contracts.memory import Link, Observation, short_id
from factory.memory.fold import Past

WINDOW = 10  # newest runs of a file that are looked at
WIDE = 20  # a run that changed more files says nothing about any two of them
TOGETHER = 0.6  # share of runs from which files count as changed together
FEW = 8  # files in a run at most, when a broken test is laid to each of them
HISTORY = 3  # runs of a file before its history is worth a sentence


@dataclass(frozen=True)
class Draft:
    """A lesson before it is weighed. `runs`: those it was seen in, newest first; `again`: what counts as a failure
    of the lesson when it was in a run's pack and the same happened all the same."""

    kind: str
    subject: tuple[str, ...]
    text: str
    base: float
    runs: tuple[Past, ...]
    links: tuple[Link, ...]
    again: bool = False

    @property
    def id(self) -> str:
        return short_id(self.kind, *self.subject)


def distil(runs: list[Past]) -> list[Draft]:
    """All lessons that `runs` (newest first) teach, in a fixed order, one for each subject."""
    by_path: dict[str, list[Past]] = defaultdict(list)
    for run in runs:
        for path in run.changed | run.failed:
            if len(by_path[path]) < WINDOW:
                by_path[path].append(run)
    found = [draft for path in sorted(by_path) for draft in _of_path(path, by_path[path])]
    found += _together(by_path)
    return sorted(found, key=lambda draft: draft.id)


def _of_path(path: str, runs: list[Past]) -> Iterator[Draft]:
    yield from _findings(path, runs)
    yield from _tests(path, runs)
    yield from _outcomes(path, runs)
    yield from _units(path, runs)
    if len(runs) >= HISTORY:
        yield _history(path, runs)


def _findings(path: str, runs: list[Past]) -> Iterator[Draft]:
    """One lesson for each rule, whoever found it; for findings without a rule that we know, one for each finder."""
    seen: dict[tuple[str, str], list[tuple[Past, Observation]]] = defaultdict(list)
    for run in runs:
        for item in run.findings:
            if path in item.paths:
                seen[item.rule, "" if item.rule else item.tool].append((run, item))
    for (rule, tool), each in sorted(seen.items()):
        items = [item for _, item in each]
        hit = tuple(run for run in runs if any(run is its for its, _ in each))
        finders = _names(sorted({item.tool for item in items})[:3])
        name = f"rule `{rule}` ({finders})" if rule else finders
        fixed, left = (sum(item.word == word for item in items) for word in ("fixed", "open"))
        symbols = sorted({item.symbol for item in items if item.symbol})[:5]
        inside = f" (in {_names(symbols)})" if symbols else ""
        text = (f"Findings of {name} came up in `{path}`{inside} in {_of(len(hit), len(runs))} that changed it: "
                f"{fixed} fixed, {left} left open.")  # fmt: skip
        rules = (Link(kind="rule", name=rule),) if rule else ()
        links = (_file(path), *(Link(kind="symbol", name=name) for name in symbols), *rules)
        yield Draft("finding", (path, rule, tool), text, _base(hit, runs), hit, links, again=True)


def _tests(path: str, runs: list[Past]) -> Iterator[Draft]:
    near = [run for run in runs if len(run.changed) <= FEW]
    tests = sorted({item.paths[0] for run in near for item in run.tests if item.paths and item.paths[0] != path})
    for test in tests:
        hit = tuple(run for run in near if _is_to_blame(path, test, run))
        if not hit:
            continue
        mends = [item for run in hit for item in run.tests if item.paths[:1] == (test,) and item.word == "mended"]
        helped = sorted({name for item in mends for name in item.paths[1:]})[:3]
        how = f" A fix in {_names(helped)} put it right." if helped else ""
        text = f"Tests in `{test}` failed when `{path}` was changed, in {_of(len(hit), len(near))}.{how}"
        links = tuple(_file(name) for name in dict.fromkeys((path, test, *helped)))
        yield Draft("test", (path, test), text, _base(hit, near), hit, links, again=True)


def _is_to_blame(path: str, test: str, run: Past) -> bool:
    """Did the test fail for this file's change, as far as is known? Where a fix put it right, for the fixed files'."""
    items = [item for item in run.tests if item.paths[:1] == (test,)]
    mended = {name for item in items if item.word == "mended" for name in item.paths[1:]}
    return bool(items) and (path in mended or not mended)


def _outcomes(path: str, runs: list[Past]) -> Iterator[Draft]:
    known = [run for run in runs if run.ends]
    for word, said in (("reverted", "was reverted"), ("closed", "was closed without a merge")):
        hit = tuple(run for run in known if word in run.ends)
        if hit:
            text = (
                f"A pull request of ours that changed `{path}` {said}, {_of(len(hit), len(known))} whose end is known."
            )
            yield Draft(word, (path,), text, _base(hit, known), hit, (_file(path),))
    hit = tuple(run for run in known if path in run.edited)
    if hit:
        text = f"People edited `{path}` after us in {_of(len(hit), len(known))} whose end is known."
        yield Draft("edited", (path,), text, _base(hit, known), hit, (_file(path),))


def _units(path: str, runs: list[Past]) -> Iterator[Draft]:
    hit = tuple(run for run in runs if path in run.failed)
    if hit:
        text = f"A unit that was to change `{path}` gave no usable change in {_of(len(hit), len(runs))} that had one."
        yield Draft("unit", (path,), text, _base(hit, runs), hit, (_file(path),), again=True)


def _history(path: str, runs: list[Past]) -> Draft:
    good = sum(run.word == "accepted" for run in runs)
    efforts, rounds = [run.effort for run in runs], max(run.rounds for run in runs)
    text = (f"Of the last {len(runs)} runs on `{path}`, {good} were accepted; they were planned with effort "
            f"{_span(efforts)} and took up to {rounds} {'round' if rounds == 1 else 'rounds'}.")  # fmt: skip
    return Draft("history", (path,), text, _base(runs, runs), tuple(runs), (_file(path),))


def _together(by_path: dict[str, list[Past]]) -> Iterator[Draft]:
    """Pairs of files, each as seen from the one that was changed."""
    pairs: dict[tuple[str, str], list[Past]] = defaultdict(list)
    runs = {run.id: run for each in by_path.values() for run in each}
    for run in runs.values():
        if len(run.changed) <= WIDE:
            for pair in permutations(sorted(run.changed), 2):
                pairs[pair].append(run)
    for (path, other), each in sorted(pairs.items()):
        near = [run for run in by_path[path] if len(run.changed) <= WIDE]
        hit = tuple(run for run in near if run in each)
        if len(hit) >= 2 and len(hit) / len(near) >= TOGETHER:
            text = f"Changes to `{path}` came with changes to `{other}` in {_of(len(hit), len(near))}."
            yield Draft("together", (path, other), text, _base(hit, near), hit, (_file(path), _file(other)))


def _base(hit: "tuple[Past, ...] | list[Past]", runs: list[Past]) -> float:
    return len(hit) / (len(runs) + 1)


def _of(hit: int, runs: int) -> str:
    return f"{hit} of the last {runs} runs" if runs > 1 else "the one run"


def _span(values: list[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _file(path: str) -> Link:
    return Link(kind="file", name=path)
