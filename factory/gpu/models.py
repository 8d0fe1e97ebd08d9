"""The bundled table of models: geometry by name or hub id, without a network."""

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from factory.contracts.errors import UsageProblem
from factory.gpu import geometry, quirks
from factory.gpu.records import Geometry


def model_of(text: str) -> Geometry:
    """The model that a person named: a config.json or a folder that holds one, else a bundled name.

    Raises UsageProblem when it is neither; nothing is downloaded.
    """
    if _exists(text):
        return geometry.read_config(Path(text))
    try:
        return find(text)
    except UsageProblem as error:
        raise UsageProblem(f"{text} is no file or folder here either. {error}") from error


def find(name: str) -> Geometry:
    """The bundled model of that name or hub id, case apart; words of quantisation at its end do not count.

    Raises UsageProblem with the nearest names.
    """
    known, wanted = _index(), name.strip().lower()
    for key in (wanted, _tail(wanted), _plain(_tail(wanted))):
        if key in known:
            return known[key]
    near = get_close_matches(_plain(_tail(wanted)), known, n=5, cutoff=0.5)
    names = sorted({known[key].name for key in near})
    others = f", or one of {', '.join(names)}" if names else "; docs/capacity.md lists the bundled ones"
    raise UsageProblem(f"No bundled model is called {name[:80]!r}: give its config.json{others}.")


@cache
def all_models() -> tuple[Geometry, ...]:
    """Every bundled model, in the table's order."""
    entries = {entry["name"]: entry for entry in quirks.table()["model"]}
    return tuple(
        geometry.from_config(_config(entries, name), name).but(source=entry["source"])
        for name, entry in entries.items()
    )


def aliases(name: str) -> tuple[str, ...]:
    """Hub ids and other names of one bundled model, by its own name."""
    return next((tuple(entry["aliases"]) for entry in quirks.table()["model"] if entry["name"] == name), ())


def _exists(text: str) -> bool:
    try:
        return bool(text.strip()) and Path(text).exists()
    except (OSError, ValueError):  # too long for a path, or a null character in it
        return False


def _config(entries: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """An entry's keys over those of the entry it is `like`."""
    entry = entries[name]
    shapes = _config(entries, entry["like"]) if "like" in entry else {}
    return {**shapes, **entry.get("config", {})}


@cache
def _index() -> dict[str, Geometry]:
    found: dict[str, Geometry] = {}
    for model in all_models():
        for name in (model.name, *aliases(model.name)):
            found |= {key: model for key in (name.lower(), _tail(name.lower())) if key not in found}
    return found


def _tail(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _plain(name: str) -> str:
    """The name without the words that a quantiser adds at its end."""
    words = name.split("-")
    while len(words) > 1 and words[-1] in quirks.table()["names"]["suffixes"]:
        words.pop()
    return "-".join(words)
