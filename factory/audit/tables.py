"""What is known of libraries: `tables.toml`, read once."""

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from factory.audit.code import Expr
from factory.contracts.finding import Severity

LANGUAGES = ("python", "script")


@dataclass(frozen=True)
class Sink:
    """`built`, `only`: what the constant text around the value must look like; `fixed`: a beginning that is safe."""

    cwe: str
    rule: str
    boundary: str
    severity: Severity
    confidence: float
    what: str
    fix: str
    example: str
    args: tuple[int, ...] = ()
    keys: tuple[str, ...] = ()
    at: str = ""
    needs: str = ""
    unless: str = ""
    built: re.Pattern[str] | None = None
    fixed: re.Pattern[str] | None = None
    raw_on: re.Pattern[str] | None = None  # receivers for which text is not asked to look like anything
    kinds: tuple[str, ...] = ("web", "browser", "network", "model")  # sources that count
    whole: bool = False  # only what a stranger sent as it is, no single field of it


class Names:
    """A set of names, looked up by their last part."""

    def __init__(self, names: list[str]) -> None:
        self.by_last: dict[str, list[str]] = defaultdict(list)
        for name in names:
            self.by_last[name.rpartition(".")[2]].append(name)

    def __contains__(self, dotted: str) -> bool:
        return any(is_named(dotted, name) for name in self.by_last.get(dotted.rpartition(".")[2], ()))


def is_named(dotted: str, name: str) -> bool:
    """`.execute` on anything; `request.args` itself or at the end of a longer name; a plain name only itself."""
    if name.startswith("."):
        return dotted.endswith(name)
    return dotted == name or ("." in name and dotted.endswith(f".{name}"))


@dataclass(frozen=True)
class Table:
    """One language's."""

    sources: dict[str, Names]  # by kind
    sinks: dict[str, list[tuple[str, Sink]]]  # by the last part of the name
    passes: Names
    harmless: Names
    cleans: dict[str, Names]  # by CWE

    def source(self, expr: Expr) -> str:
        """The kind of source that it is, "" for none."""
        return next((kind for kind, names in self.sources.items() if expr.dotted and expr.dotted in names), "")

    def sinks_of(self, call: Expr) -> list[Sink]:
        rows = self.sinks.get(call.dotted.rpartition(".")[2], ())
        return [sink for name, sink in rows if is_named(call.dotted, name)]


@cache
def raw() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "tables.toml").read_text(encoding="utf-8"))


@cache
def table(script: bool) -> Table:
    data, language = raw(), LANGUAGES[script]
    sinks: dict[str, list[tuple[str, Sink]]] = defaultdict(list)
    for row in data["sink"]:
        for name in row[language] if language not in row.get("off", ()) else ():
            sinks[name.rpartition(".")[2]].append((name, _sink(row, language)))
    return Table(
        {row["kind"]: Names(row[language]) for row in data["source"]}, dict(sinks), Names(data["passes"][language]),
        Names(data["harmless"][language]), {cwe: Names(names) for cwe, names in data["cleans"].items()},
    )  # fmt: skip


def _sink(row: dict[str, Any], language: str) -> Sink:
    built = row.get("only", {}).get(language) or row.get("built")
    return Sink(
        row["cwe"], row["rule"], row["boundary"], row["severity"], row["confidence"], row["what"], row["fix"],
        row["try"], tuple(row.get("args", ())), tuple(row.get("keys", ())), row.get("at", ""),
        row.get("needs", {}).get(language, ""), row.get("unless", {}).get(language, ""),
        re.compile(built) if built else None, re.compile(row["fixed"]) if "fixed" in row else None,
        re.compile(row["raw_on"]) if "raw_on" in row else None, tuple(row.get("from", Sink.kinds)),
        row.get("whole", False),
    )  # fmt: skip


def stride(kind: str) -> str:
    """The letters that an element of this kind raises."""
    letters: str = raw()["stride"].get(kind, "")
    return letters
