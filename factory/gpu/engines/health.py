"""Whether an engine answers, and what it measures of itself. Also for endpoints that somebody else runs."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from factory.gpu.engines.wire import Server, WireProblem

SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?\s+(\S+)")
SHARES = ("kv_use",)  # of several engines behind one port the fullest counts; the others add up
METRICS_PATH = "/metrics"


@dataclass(frozen=True)
class Health:
    """`slow`: it is there and does not answer yet, or not in time. `said`: one line, "" when all is well."""

    state: Literal["ok", "slow", "dead"]
    said: str = ""


def look(server: Server, path: str, timeout_s: float) -> Health:
    """Asks once. 503 while loading (llama-server) is slow; 503 else (vLLM without its core) is dead."""
    try:
        answered = server.get(path, timeout_s)
    except WireProblem as problem:
        return Health("slow" if problem.slow else "dead", str(problem))
    if answered.status == 200:
        return Health("ok")
    said = f"HTTP {answered.status}: {answered.said}".rstrip(": ")
    return Health("slow" if answered.status == 503 and "oading" in said else "dead", said)


def measure(server: Server, names: Mapping[str, tuple[str, ...]], timeout_s: float = 2.0) -> dict[str, float]:
    """What is found of `names`, under our names. Raises WireProblem when the engine does not answer."""
    if not names:
        return {}
    answered = server.get(METRICS_PATH, timeout_s)
    if answered.status != 200:
        raise WireProblem(f"HTTP {answered.status} at {METRICS_PATH}: {answered.said}")
    return translate(answered.body.decode("utf-8", "replace"), names)


def translate(text: str, names: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Prometheus' text form; samples of the same name with other labels are put together."""
    wanted = {theirs: (ours, rank) for ours, all_names in names.items() for rank, theirs in enumerate(all_names)}
    best: dict[str, tuple[int, float]] = {}
    for theirs, value in samples(text):
        if theirs in wanted:
            ours, rank = wanted[theirs]
            if ours not in best or rank < best[ours][0]:
                best[ours] = (rank, value)
            elif rank == best[ours][0]:
                before = best[ours][1]
                best[ours] = (rank, max(before, value) if ours in SHARES else before + value)
    return {ours: value for ours, (_, value) in best.items()}


def samples(text: str) -> Iterator[tuple[str, float]]:
    """(name, value) of each line that is a finite number."""
    for line in text.splitlines():
        if not line.startswith("#") and (found := SAMPLE.match(line)):
            try:
                value = float(found[2])
            except ValueError:
                continue
            if math.isfinite(value):
                yield found[1], value
