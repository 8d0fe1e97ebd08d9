"""`factory hunt --fix`: each theme walks the line and becomes a branch and a pull request. No model is asked unless the
person says so."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from factory.render.amount import many

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.catch import Catch, Theme
    from factory.contracts.finding import Finding
    from factory.contracts.run import Run
    from factory.contracts.task import Event
    from factory.settings import Settings


class Job(NamedTuple):
    """One pull request that nothing has made yet."""

    words: str
    event: "Event"


def mend_themes(found: "Catch", repo: Path, base: str, settings: "Settings", config: Path | None,
                as_json: bool, with_models: bool = False) -> int:  # fmt: skip
    """At most hunt.pulls_a_day new pull requests a UTC day. 0: all that can be mended is. `with_models`: also what no
    rule mends, after what rules mend."""
    from factory.app import open_state
    from factory.cli import asking
    from factory.cli.go import check_machine, code_of, leave_at_once
    from factory.cli.options import settings_file
    from factory.hunt.delivered import delivered
    from factory.places import state_folder

    state = open_state(state_folder())
    check_machine(state, settings)
    now = state.clock.now()
    already, before = delivered(repo, found.commit, now), asking.before(state, repo)
    jobs = _jobs(found, already.findings)
    if with_models:
        jobs += [Job(_asked(event), event) for event in asking.events(found, settings, before)]
    room = max(0, settings.hunt.pulls_a_day - already.today - asking.of_today(before, now))
    runs = []
    for job in jobs[:room]:
        _say(job.words, as_json)
        run = _walked(job, repo, base, settings, state, settings_file(config, repo))
        runs.append(run)
        if code_of(run) == 130:
            return leave_at_once(130)
    _tell(found, runs, len(jobs[room:]), settings, as_json)
    return 1 if any(code_of(run) for run in runs) or jobs[room:] else 0


def _jobs(found: "Catch", already: frozenset[str]) -> "list[Job]":
    by_id = {row.finding.id: row.finding for row in found.ranked}
    made = []
    for theme in found.themes:
        left = tuple(by_id[each] for each in theme.findings if each in by_id and each not in already)
        if left:
            words = f"{theme.detector} in {theme.package or 'the root'}: {many(len(left), 'finding')}"
            made.append(Job(words, event_of(theme, left)))
    return made


def _asked(event: "Event") -> str:
    return f"{event.source.partition(': ')[2]}: {many(len(event.findings), 'finding')}, with the models"


def _walked(job: Job, repo: Path, base: str, settings: "Settings", state: "State", config: Path | None) -> "Run":
    from factory.app import new_run
    from factory.cli.go import to_its_end

    return to_its_end(new_run(state, repo, base, job.event, settings, config), state, settings, (), True)


def event_of(theme: "Theme", findings: "tuple[Finding, ...]") -> "Event":
    """What a run of a theme begins with. Its text is what failures are counted under: the same findings, one task."""
    from factory.contracts.task import Event

    text = " ".join(sorted(each.id for each in findings))
    return Event(kind="mend", source=theme.package, findings=findings, text=text)


def _tell(found: "Catch", runs: "list[Run]", waiting: int, settings: "Settings", as_json: bool) -> None:
    if as_json:
        print(json.dumps({"found": json.loads(found.to_json()), "runs": [json.loads(_summary(run)) for run in runs],
                          "themes_left": waiting}, indent=2))  # fmt: skip
        return
    for run in runs:
        for row in (*_rows(run), *_too_long(run, settings.hunt.lines)):
            print(row)
    if not runs and not waiting:
        print(_idle(found))
    if waiting:
        wait = "1 theme waits" if waiting == 1 else f"{waiting} themes wait"
        print(f"{wait} for tomorrow: hunt.pulls_a_day = {settings.hunt.pulls_a_day}.")


def _idle(found: "Catch") -> str:
    if found.themes:
        return "All that rules mend of these is on branches already."
    return "No rule mends any of these." if found.ranked else "There is nothing to mend."


def _summary(run: "Run") -> str:
    from factory.cli.go import summary

    return summary(run)


def _rows(run: "Run") -> "Iterator[str]":
    from factory.render.text import line

    pull = run.delivery.pull if run.delivery else None
    if pull:
        state = "draft, its tests are not green" if pull.draft else "tests as before"
        yield f"mended  {line(pull.title, 100)}  ({many(len(run.plan.units) if run.plan else 0, 'commit')}, {state})"
        yield f"        branch {pull.branch}, {pull.url}"
    elif run.stopped:
        yield f"not mended  {line(run.stopped.message, 400)}"
    for note in run.task.notes if run.task else ():
        yield f"        {line(note, 300)}"


def _too_long(run: "Run", most: int) -> "Iterator[str]":
    """What rules mend is cut to size before; what a model wrote is known when it is there."""
    from factory.git import run_git

    if run.delivery is None or run.event.kind != "issue":
        return
    raw = run_git(Path(run.repo.path), "diff", "--numstat", run.repo.commit, run.delivery.branch, "--").decode()
    size = sum(int(cell) for row in raw.splitlines() for cell in row.split("\t")[:2] if cell.isdigit())
    if size > most:
        yield f"        it changes {size:,} lines; hunt.lines = {most:,}: look at it in parts, or close it"


def _say(words: str, as_json: bool) -> None:
    if not as_json:
        print(f"factory: {words}", file=sys.stderr)
