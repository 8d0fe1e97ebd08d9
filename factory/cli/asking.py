"""`factory hunt --fix --with-models`: what no rule mends goes through the line as a task, one for each theme.

The same way that a finding's issue takes at night when a person labels it: an issue's text, the models of the box, all
reviews and tests. What a run was made for is in its event; what has a pull request is not asked for again.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.catch import Catch
    from factory.contracts.run import Run
    from factory.contracts.task import Event
    from factory.hunt.asks import Ask
    from factory.settings import Settings

SOURCE = "hunt: "  # begins the source of such an event
MOST_RUNS = 20_000  # that are looked through: what one of them made is not asked for again


def events(found: "Catch", settings: "Settings", before: "Iterable[Run]") -> "list[Event]":
    """`before`: runs of this repository. In the order in which they are to be walked."""
    from factory.hunt.asks import asks

    taken = frozenset(each.id for run in before if _is_ours(run) and _has_pull(run) for each in run.event.findings)
    hunt = settings.hunt
    return [_event(found, ask, settings) for ask in asks(found.ranked, taken, hunt.top_findings, hunt.sure)]


def of_today(before: "Iterable[Run]", now: str) -> int:
    """Pull requests that such runs made on this UTC day."""
    return sum(_is_ours(run) and _has_pull(run) and run.created[:10] == now[:10] for run in before)


def before(state: "State", repo: Path) -> "tuple[Run, ...]":
    """This repository's runs on this machine, the newest first."""
    from factory.git import git_folder

    here, runs = git_folder(repo), state.journal.recent(MOST_RUNS)
    ours = {path for path in {run.repo.path for run in runs} if _folder(path) == here}
    return tuple(run for run in runs if run.repo.path in ours)


def _folder(path: str) -> Path | None:
    """Its git folder; None where no repository is any more."""
    from factory.contracts.errors import UsageProblem
    from factory.git import git_folder

    try:
        return git_folder(Path(path))
    except UsageProblem:
        return None


def _event(found: "Catch", ask: "Ask", settings: "Settings") -> "Event":
    from factory.contracts.task import Event
    from factory.render.filing import tasks

    rule = next((each for each in found.rules if each.id == ask.rule), None)
    text = tasks(ask.rows, rule, ask.package, settings.hunt.lines)
    source = f"{SOURCE}{ask.rule} in {ask.package or 'the root'}"
    return Event(kind="issue", source=source, text=text, findings=tuple(row.finding for row in ask.rows))


def _is_ours(run: "Run") -> bool:
    return run.event.kind == "issue" and run.event.source.startswith(SOURCE)


def _has_pull(run: "Run") -> bool:
    return bool(run.delivery and run.delivery.pull)
