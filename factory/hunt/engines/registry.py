"""The engines by name. Each is a module with `look(ground, codes) -> list[Hit]` and `version() -> str`."""

import time
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from factory.contracts.hunt import EngineRun
from factory.hunt.detector import Engine, Hit
from factory.hunt.engines.process import EngineProblem
from factory.hunt.ground import Ground

MODULES: dict[Engine, str] = {
    "ruff": "factory.hunt.engines.ruff",
    "vulture": "factory.hunt.engines.vulture",
    "ast-grep": "factory.hunt.engines.astgrep",
    "zizmor": "factory.hunt.engines.zizmor",
}


class Report(NamedTuple):
    hits: list[Hit]
    run: EngineRun


def asked(engine: Engine, ground: Ground, codes: Sequence[str]) -> Report:
    """Never raises for what the engine does: what failed is said in the run, and there are no hits."""
    started = time.perf_counter()
    hits: list[Hit] = []
    version = problem = ""
    try:
        module = import_module(MODULES[engine])
        version = module.version()
        hits = module.look(ground, codes)
    except EngineProblem as error:
        problem = str(error)
    seconds = round(time.perf_counter() - started, 3)
    return Report(hits, EngineRun(name=engine, version=version, rows=len(hits), seconds=seconds, problem=problem))
