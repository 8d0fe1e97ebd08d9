"""The process that is attacked: its environment and home hold the canaries. One row of JSON a line on its output.

python -m factory.install.attack.child FOLDER < settings.json
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from factory.contracts.errors import FactoryError
from factory.install.attack import bombs, bundles, loose, people, walls
from factory.install.attack.canaries import Canaries
from factory.install.attack.cell import cell, missing, not_tried
from factory.install.attack.tried import Attack, Tried
from factory.settings import Settings

_AGAIN = "put that right and run it again; if it stays so, report it"
Work = Callable[[], Iterable[Tried]]


def main() -> None:
    folder = Path(sys.argv[1])
    settings = Settings.from_json(sys.stdin.read())
    canaries = Canaries.from_json((folder / "canaries.json").read_bytes())
    why, remedy = missing(settings)

    def boxed(attacks: tuple[Attack, ...], work: Work) -> Iterator[Tried]:
        yield from not_tried(attacks, why, remedy) if why else _guarded(attacks, work)

    def first() -> None:
        _say(_guarded(people.ALL, lambda: people.attacks(settings)))
        _say(boxed(loose.ALL, lambda: loose.attacks(folder / "loose", folder / "home", settings, canaries)))

    def second() -> None:
        _say(_guarded(bundles.ALL, lambda: bundles.attacks(folder / "bundles", settings)))
        if why:
            _say(not_tried((*walls.ALL, *bombs.ALL), why, remedy))
            return
        _say(boxed((bombs.WALLS,), lambda: _inside(folder, settings, canaries)))

    for name in ("factory.app", "factory.stages.line", "factory.handover.bundle", "agents.roster"):
        importlib.import_module(name)  # here: two threads that import the same modules meet them half-made
    with ThreadPoolExecutor(2) as pool:
        for half in (pool.submit(first), pool.submit(second)):
            half.result()


def _inside(folder: Path, settings: Settings, canaries: Canaries) -> Iterator[Tried]:
    made = cell(folder / "cell", settings)
    yield from _guarded(walls.ALL, lambda: walls.attacks(made, folder, canaries))
    yield from _guarded(bombs.ALL, lambda: bombs.attacks(made))


def _guarded(attacks: tuple[Attack, ...], work: Work) -> Iterator[Tried]:
    """What cannot be tried to its end is open: the first row that is missing says why."""
    done: set[str] = set()
    try:
        for row in work():
            done.add(row.id)
            yield row
    except (FactoryError, OSError) as problem:
        yield from (each.broke(f"not tried to the end: {problem}", _AGAIN) for each in attacks if each.id not in done)


def _say(rows: Iterable[Tried]) -> None:
    for row in rows:
        sys.stdout.write(f"{row.to_json()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
