"""The double's state in a folder, beside its bare repositories: so that a simulation can be gone on with later.

`save(hub)` writes FOLDER/hub.json; `restore(hub)` fills a new Hub of the same folder from it. What is not kept: rate
limits, planned faults, the clock, and who is just being served.
"""

import base64
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.contracts.errors import UsageProblem
from factory.simulator.hub import nouns, runs
from factory.simulator.hub.state import Hub

FILE = "hub.json"
PARTS = (
    "users", "repos", "tokens", "apps", "events", "violations", "requests", "runs", "jobs", "artifacts", "_ids",
)  # fmt: skip
TYPE = "@"  # key that says what an object was


def save(hub: Hub) -> None:
    """Whole or not at all: written beside and renamed."""
    with hub.lock:
        state = {name: _plain(getattr(hub, name)) for name in PARTS}
    path = hub.folder / FILE
    ready = path.with_suffix(".new")
    ready.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
    ready.replace(path)


def restore(hub: Hub) -> bool:
    """False when nothing was saved there. Raises UsageProblem when the file is not one of `save`."""
    path = hub.folder / FILE
    if not path.is_file():
        return False
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        found = {name: _real(state[name], _classes()) for name in PARTS}
    except (ValueError, KeyError, TypeError):
        raise UsageProblem(f"{path} is no state of the simulator: remove it to start anew.") from None
    with hub.lock:
        for name, value in found.items():
            setattr(hub, name, value)
    return True


def _classes() -> Mapping[str, type[Any]]:
    """What may stand in the file, by name: nothing else is made from it."""
    every = [*vars(nouns).values(), *vars(runs).values()]
    return {each.__name__: each for each in every if isinstance(each, type) and dataclasses.is_dataclass(each)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {TYPE: type(value).__name__, **fields}
    if isinstance(value, dict):
        return {TYPE: "dict", "items": [[_plain(name), _plain(each)] for name, each in value.items()]}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, tuple | set | frozenset):
        return {TYPE: type(value).__name__, "items": [_plain(each) for each in value]}
    if isinstance(value, bytes):
        return {TYPE: "bytes", "base64": base64.b64encode(value).decode()}
    if isinstance(value, Path):
        return {TYPE: "path", "text": str(value)}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"The simulator cannot save a {type(value).__name__}.")


def _real(value: Any, classes: Mapping[str, type[Any]]) -> Any:
    if isinstance(value, list):
        return [_real(each, classes) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value[TYPE]
    if kind == "dict":
        return {_real(name, classes): _real(each, classes) for name, each in value["items"]}
    if kind in ("tuple", "set", "frozenset"):
        made = [_real(each, classes) for each in value["items"]]
        return tuple(made) if kind == "tuple" else set(made) if kind == "set" else frozenset(made)
    if kind == "bytes":
        return base64.b64decode(value["base64"])
    if kind == "path":
        return Path(value["text"])
    return classes[kind](**{name: _real(each, classes) for name, each in value.items() if name != TYPE})
