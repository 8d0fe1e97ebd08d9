"""What a run's record says happened, as lines to keep: `observed`. Pure; for the report and for ship jobs.

A record that came from another job is untrusted: names that do not look like names are left out here, and checked
again when the line is read.
"""

from collections.abc import Callable, Iterator

from factory.contracts.change import Change
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.memory import Line, Observation, Suggestion, Word
from factory.contracts.run import Run
from factory.memory.lines import exact, signed
from factory.memory.screen import plain_path, plain_symbol, plain_tool, rule_of, suspicious

MOST_FINDINGS, MOST_TESTS, MOST_SAID = 60, 30, 3
MOST_PATHS = 64
SymbolAt = Callable[[str, int], str]
Said = Callable[[str], str]
_WORDS: dict[str, Word] = {"ACCEPT": "accepted", "REVISE": "revise", "REJECT": "rejected"}
_FATES: dict[str, Word] = {"fixed": "fixed", "answered": "answered"}


def observed(run: Run, at: str, symbol_at: SymbolAt = lambda path, line: "", said: Said = str) -> tuple[Line, ...]:
    """The lines of a run that ended at `at`. `symbol_at(path, line)` names what a finding lies in, '' = unknown;
    `said` cleans an agent's prose before it is kept. Empty for a run that had no plan."""
    if run.plan is None:
        return ()
    lines = (*_run(run), *_units(run), *_findings(run, symbol_at), *_tests(run), *_recalled(run))
    when = exact(at)
    return (*(signed(line.but(at=when)) for line in lines), *_suggestions(run, when, said))


def changed_paths(run: Run) -> tuple[str, ...]:
    """The files that the candidate changes."""
    changes = [change for wave in run.waves for change in wave.changes if not change.error]
    return _plain(file.path for change in (*changes, *run.fixes) for file in change.files)


def _seen(run: Run, kind: str, **facts: object) -> Observation:
    return Observation.model_validate({"kind": kind, "run": run.id, "at": "1970-01-01T00:00:00.000Z", **facts})


def _run(run: Run) -> Iterator[Observation]:
    assert run.plan
    word: Word = _WORDS[run.verdict.decision] if run.verdict else "stopped" if run.stopped else "done"
    made = run.delivery
    pull = made.pull.number if made and made.pull and run.ticket else 0  # of a local forge it is no number to ask by
    head = made.commits[-1].sha if made and made.commits else ""
    yield _seen(run, "run", word=word, paths=changed_paths(run), n=run.plan.effort, rounds=len(run.rounds), pull=pull,
                commit=head, score=run.verdict.confidence if run.verdict else 0.0)  # fmt: skip


def _units(run: Run) -> Iterator[Observation]:
    """How each unit of the plan went, by its role and the files it was to own."""
    assert run.plan
    ended = {change.unit: change for wave in run.waves for change in wave.changes}
    for unit in run.plan.units:
        change = ended.get(unit.id)
        if change is not None:
            yield _seen(run, "unit", about=unit.id, tool=unit.role, word="failed" if change.error else "done",
                        paths=_plain(unit.owns if change.error else (file.path for file in change.files)))  # fmt: skip


def _findings(run: Run, symbol_at: SymbolAt) -> Iterator[Observation]:
    """Each finding once, with the round in which it came up and what became of it in the last that had it."""
    first: dict[str, int] = {}
    last: dict[str, Finding] = {}
    for turn in run.rounds:
        for item in turn.findings:
            first.setdefault(item.id, turn.n)
            last[item.id] = item
    for item in list(last.values())[:MOST_FINDINGS]:
        if not (plain_path(item.path) and plain_tool(item.source)):
            continue
        symbol = symbol_at(item.path, item.start) if item.start else ""
        yield _seen(
            run, "finding", about=item.id[:64], paths=(item.path,), tool=item.source,
            rule=rule_of(item.source, item.rule) or rule_of(item.source, item.category), severity=item.severity,
            word=_FATES.get(item.fate.partition(" ")[0], "open"), n=first[item.id],
            symbol=symbol if symbol and plain_symbol(symbol) else "",
        )  # fmt: skip


def _tests(run: Run) -> Iterator[Observation]:
    """Test files that were red on a candidate and green before; `mended` by the files of the fixes that followed."""
    stages = [evidence for evidence in (*(turn.evidence for turn in run.rounds), run.evidence) if evidence]
    broken = {path: n for n, seen in reversed(list(enumerate(stages))) for path in _broken(seen)}
    still = _broken(run.evidence) if run.evidence else set()
    fixes = _plain(file.path for change in run.fixes for file in change.files)
    for path, n in sorted(broken.items())[:MOST_TESTS]:
        mended = path not in still
        yield _seen(run, "test", about=f"test-{len(path)}-{path[-50:]}", word="mended" if mended else "broken", n=n,
                    paths=(path, *(fixes if mended else ()))[:MOST_PATHS])  # fmt: skip


def _broken(evidence: Evidence) -> set[str]:
    """The files of the tests that broke. A test's name comes from the repository's own code: only a path counts."""
    names = {name.partition("::")[0] for suite in evidence.suites for name in suite.broken}
    return {name for name in names if "/" in name and "." in name and plain_path(name)}


def _recalled(run: Run) -> Iterator[Observation]:
    if run.pack and run.pack.lessons:
        yield _seen(run, "recalled", lessons=run.pack.lessons[:64])


def _suggestions(run: Run, at: str, said: Said) -> Iterator[Suggestion]:
    """What an agent's words might teach: lines `lesson: …` of a change, and serious findings that were put right."""
    found = [(change.role, text, _plain(file.path for file in change.files)) for change in _changes(run)
             for text in _lessons_in(change.summary)]  # fmt: skip
    for turn in run.rounds:
        fixed = [item for item in turn.findings if item.serious and item.fate.startswith("fixed")]
        said_so = [item for item in fixed if item.source.partition(".")[0] in _SPEAKERS]
        found += [(item.source, item.message, _plain((item.path,))) for item in said_so]
    for role, text, paths in list(dict.fromkeys(found))[:MOST_SAID]:
        clean = " ".join(said(text).split())[:600]
        if clean and not suspicious(clean) and plain_tool(role):
            yield signed(Suggestion(run=run.id, at=at, role=role, text=clean, paths=paths[:8]))


_SPEAKERS = ("hydra", "athena", "genesis")


def _changes(run: Run) -> list[Change]:
    return [*(change for wave in run.waves for change in wave.changes), *run.fixes]


def _lessons_in(summary: str) -> list[str]:
    marked = [line.strip() for line in summary.splitlines() if line.strip().lower().startswith("lesson:")]
    return [line.partition(":")[2].strip() for line in marked]


def _plain(paths: "Iterator[str] | tuple[str, ...]") -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for path in paths if plain_path(path)))[:MOST_PATHS]
