"""Run a failure again, on candidate and base, to tell flaky from broken. Five runs at most, none of them hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from factory.checks.bench import Bench, Errand
from factory.checks.compare import RED, file_of
from factory.checks.discover import kind_of
from factory.checks.execute import RUN, cases_of, run_all
from factory.checks.paired import Cases, Paired, red_in
from factory.contracts.seams import Scope

Again = Mapping[tuple[int, str], Cases]


def settle(bench: Bench, scope: Scope, pairs: Sequence[Paired]) -> tuple[Paired, ...]:
    """Decide for every suspect: flaky (green when run again, or red on the base when run again) or broken.

    A test that shows the bug is run on the base once more too: only what is red twice is shown.
    """
    doubtful = [n for n, pair in enumerate(pairs) if pair.repeatable and (pair.suspects or pair.shows)]
    asked = [(n, "candidate") for n in doubtful if pairs[n].suspects] + [(n, "base") for n in doubtful]
    first = _again(bench, scope, pairs, asked)
    flaky = {n: _flaky(pairs[n], first.get((n, "candidate"), {}), first.get((n, "base"), {})) for n in doubtful}
    left = [n for n in doubtful if set(pairs[n].suspects) - flaky[n]]
    second = _again(bench, scope, pairs, [(n, "candidate") for n in left])
    for n in left:
        flaky[n] |= {name for name in pairs[n].suspects if second[(n, "candidate")].get(name) == "passed"}
    return tuple(replace(pair, flaky=frozenset(flaky.get(n, ()))) for n, pair in enumerate(pairs))


def _flaky(pair: Paired, candidate: Cases, base: Cases) -> set[str]:
    found = {name for name in pair.suspects if candidate.get(name) == "passed"}
    if pair.role == "own":  # here the base runs the candidate's tests
        return found | {name for name in pair.shows if base and not red_in(base, name)}
    return found | {name for name in pair.suspects if base.get(name) in RED}


def _again(bench: Bench, scope: Scope, pairs: Sequence[Paired], asked: Sequence[tuple[int, str]]) -> Again:
    """Another run of the files that matter; nothing asked runs nothing and takes no step."""
    errands: dict[tuple[int, str], Errand] = {}
    for n, side in asked:
        pair = pairs[n]
        errand = pair.errand if side == "candidate" else pair.base_errand
        names = pair.suspects if side == "candidate" else (pair.shows if pair.role == "own" else pair.suspects)
        if errand is not None and names:
            errands[(n, side)] = _smaller(errand, names)
    if not errands:
        return {}
    results = run_all(bench, scope, list(errands.values()))
    return {key: cases_of(ran.outcome, bench.blobs) for key, ran in zip(errands, results.runs, strict=True)}


def _smaller(errand: Errand, names: Sequence[str]) -> Errand:
    """The errand on the files of some tests, the whole of it when a test names no file."""
    narrow = kind_of(errand.suite).narrow
    folder = errand.suite.folder
    files = sorted({f"{folder}/{file_of(name)}" if folder else file_of(name) for name in names})
    if narrow is None or RUN in names or not all(errand.source.has(file) for file in files):
        return errand
    return replace(errand, suite=narrow(errand.suite, files))
