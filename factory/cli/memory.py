"""factory memory: what earlier runs taught, what waits for a person, and what may be forgotten"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factory.cli import memory_shared
from factory.cli.options import Config, Json

if TYPE_CHECKING:
    from factory.contracts.memory import Lesson
    from factory.memory.store import MemoryStore

Repo = Annotated[Path, typer.Option(help="The git repository.")]
LessonId = Annotated[str, typer.Argument(help="The lesson's id, or a unique beginning of it.")]


def list_(
    repo: Repo = Path(),
    every: Annotated[bool, typer.Option("--all", help="Also dormant and rejected ones.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """The lessons of a repository, most valuable first."""
    from factory.memory.decay import ranked_by_value

    store, key = opened(repo, config)
    order = ranked_by_value(store.lessons(key), store.now(), store.settings)
    _print([each for each in order if every or each.state in ("active", "pending")], store, as_json)
    refused = len(store.quarantined(key))
    if refused and not as_json:
        print(f"{refused} lines that came from elsewhere were refused: `factory memory refused` says why.")
    return 0


def show(lesson: LessonId, repo: Repo = Path(), config: Config = None, as_json: Json = False) -> int:
    """One lesson: where it is from, what it weighs, what it is about."""
    import json

    from factory.memory.decay import ranked_by_value, value
    from factory.render.text import line

    store, key = opened(repo, config)
    found = _one(ranked_by_value(store.lessons(key), store.now(), store.settings), lesson)
    now = value(found, store.now(), store.settings.half_life_days)
    if as_json:
        print(json.dumps({**found.model_dump(mode="json"), "value": round(now, 4)}, indent=2))
        return 0
    print(line(found.text, 600))
    print(f"  id       {found.id} ({found.kind}, {found.state}{', in the words of an agent' if found.prose else ''})")
    print(f"  source   {line(found.source)}")
    print(f"  seen     {found.seen[:10]}, first {found.made[:10]}; expires {found.expires[:10]}")
    print(f"  weight   {found.weight:.2f}, with its age {now:.2f}; "
          f"in the pack of {found.helped:g} runs that went well and {found.failed:g} that did not")  # fmt: skip
    print(f"  about    {', '.join(line(each.name) for each in found.links) or 'nothing in particular'}")
    return 0


def pending(repo: Repo = Path(), config: Config = None, as_json: Json = False) -> int:
    """What agents suggest in their own words. Recalled only after `factory memory approve ID`."""
    store, key = opened(repo, config)
    _print([each for each in store.lessons(key) if each.state == "pending"], store, as_json)
    return 0


def approve(lesson: LessonId, repo: Repo = Path(), config: Config = None, as_json: Json = False) -> int:
    """Let models see it from now on. Read its text first: it is an agent's, and may be an attacker's."""
    return _decide(lesson, "approve", repo, config, as_json)


def reject(lesson: LessonId, repo: Repo = Path(), config: Config = None, as_json: Json = False) -> int:
    """Never show it to a model, however often it comes. `list --all` still has it."""
    return _decide(lesson, "reject", repo, config, as_json)


def forget(
    lesson: Annotated[str, typer.Argument(help="A lesson's id, or a run's: then all that the run taught.")],
    repo: Repo = Path(),
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Remove a lesson, or all that one run taught. It does not come back by being seen again."""
    return _decide(lesson, "forget", repo, config, as_json)


def refused(repo: Repo = Path(), config: Config = None, as_json: Json = False) -> int:
    """Lines from other machines that were put aside, and why. None of them is ever recalled."""
    import json
    import sys

    from factory.render.terminal import table

    store, key = opened(repo, config)
    found = store.quarantined(key)
    if as_json:
        print(json.dumps([{"why": why, "text": text} for text, why in found], indent=2))
        return 0
    if found:
        table([(why, text[:100]) for text, why in found], ("why", "line"), sys.stdout)
    else:
        print("Nothing was refused.")
    return 0


def opened(repo: Path, config: Path | None) -> "tuple[MemoryStore, str]":
    """The memory of this machine, and what it calls the repository. Raises UsageProblem."""
    import time

    from factory.cli.options import settings_for
    from factory.files import trusted_folder
    from factory.memory.repository import repository_key
    from factory.memory.store import open_memory
    from factory.places import state_folder

    key = repository_key(repo)
    return open_memory(trusted_folder(state_folder()), settings_for(config, repo).memory, time.time), key


def _one(lessons: "list[Lesson]", start: str) -> "Lesson":
    from factory.contracts.errors import UsageProblem

    found = [each for each in lessons if start and each.id.startswith(start)]
    if len(found) != 1:
        word = "There is no lesson" if not found else "More than one lesson begins with"
        raise UsageProblem(f"{word} {start[:40]!r}: `factory memory list --all` shows their ids.")
    return found[0]


def _decide(target: str, what: str, repo: Path, config: Path | None, as_json: bool) -> int:
    import json

    from factory.memory.decide import decide
    from factory.render.text import line

    store, key = opened(repo, config)
    done = decide(store, key, target, what)
    if as_json:
        print(json.dumps(done.model_dump(mode="json"), indent=2))
    else:
        print(f"{what}: {done.target}{f' ({line(done.text, 200)})' if done.text else ''}")
    return 0


def _print(lessons: "list[Lesson]", store: "MemoryStore", as_json: bool) -> None:
    import json
    import sys

    from factory.memory.decay import value
    from factory.render.terminal import table

    rows: list[dict[str, Any]] = []
    for each in lessons:
        now = value(each, store.now(), store.settings.half_life_days)
        rows.append({**each.model_dump(mode="json"), "value": round(now, 4)})
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    cells = [(row["id"][:8], row["state"], f"{row['value']:.2f}", row["text"], row["source"]) for row in rows]
    if not cells:
        print("Nothing yet.")
        return
    table(cells, ("id", "state", "value", "lesson", "source"), sys.stdout)


COMMANDS: dict[str, Callable[..., int]] = {
    "list": list_, "show": show, "pending": pending, "approve": approve, "reject": reject, "forget": forget,
    "refused": refused, "outcomes": memory_shared.outcomes, "sync": memory_shared.sync,
    "import": memory_shared.import_, "export": memory_shared.export,
}  # fmt: skip


def build() -> typer.Typer:
    """The group with its commands."""
    app = typer.Typer(
        help="What earlier runs taught, with its source. What an agent suggests, a person must approve.",
        no_args_is_help=True,
    )
    for name, command in COMMANDS.items():
        app.command(name)(command)
    return app
