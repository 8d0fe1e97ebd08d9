"""Hits become findings: here, and nowhere else.

A finding's fingerprint is made of the rule, the path, the quoted code without white space, the name of the symbol that
it stands in, and an ordinal among those that are equal in all of that. So it stays when lines move or others change.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from factory.contracts.finding import Finding, fingerprint
from factory.hunt.detector import Detector, Hit
from factory.hunt.measured import calibrated
from factory.hunt.source import SCRIPT, Source

MOST_EVIDENCE = 400  # characters
MOST_LINES = 8  # of evidence, and of those in which a comment is looked for
_HUSH = re.compile(r"(?:#|//|/\*|--|<!--|;).*?\bfactory: ignore\[([\w\-, ]+)\]")

_MEANT = re.compile(  # a bare noqa, or one for what is found here, not for the length of a line
    r"#\s*noqa(?!\s*:)|#\s*noqa:.*\b(?:E722|BLE001|F401|F841|B006|SIM115|DTZ\d+|S\d{3})\b|#\s*nosec\b"
    r"|#\s*pylint:\s*disable(?:-next)?=|(?:eslint|oxlint|tslint|biome)-(?:disable|ignore)"
)


class Made(NamedTuple):
    findings: list[Finding]
    hushed: int  # switched off by a comment on their line


def findings_of(source: Source, hits: Iterable[tuple[Detector, Hit]]) -> Made:
    """Those of one file: all hits in it at once, because equal ones are counted."""
    found: list[Finding] = []
    hushed = 0
    seen: Counter[tuple[str, str, str]] = Counter()
    for detector, hit in _once(hits):
        if _is_hushed(source, detector, hit) or _is_meant(source, hit):
            hushed += 1
            continue
        quoted = hit.quoted or "\n".join(_lines(source, hit))
        key = (detector.id, symbol_at(source, hit.start), re.sub(r"\s+", "", quoted))
        found.append(_finding(source, detector, hit, quoted, "\0".join((*key[1:], str(seen[key])))))
        seen[key] += 1
    return Made(found, hushed)


def _once(hits: Iterable[tuple[Detector, Hit]]) -> Iterator[tuple[Detector, Hit]]:
    """In the order of the lines; of several for one rule and place the surest."""
    best: dict[tuple[str, int, str], tuple[Detector, Hit]] = {}
    for detector, hit in hits:
        key = (detector.id, hit.start, hit.quoted)
        known = best.get(key)
        if known is None or _sure(*known) < _sure(detector, hit):
            best[key] = (detector, hit)
    yield from (best[key] for key in sorted(best, key=lambda key: (key[1], key[0], key[2])))


def _sure(detector: Detector, hit: Hit) -> float:
    return detector.confidence if hit.confidence is None else hit.confidence


def _lines(source: Source, hit: Hit) -> list[str]:
    return [source.line(number) for number in range(hit.start, max(hit.start, hit.end) + 1)]


def _is_hushed(source: Source, detector: Detector, hit: Hit) -> bool:
    return any(
        detector.id in re.split(r"[,\s]+", match[1])
        for line in _lines(source, hit)[:MOST_LINES]
        if (match := _HUSH.search(line[:2000]))
    )


def _is_meant(source: Source, hit: Hit) -> bool:
    """Somebody told another linter that this line is meant so."""
    above = source.line(hit.start - 1)
    own = re.match(r"\s*(?:#|//|/\*)", above) is not None
    return bool(_MEANT.search(source.line(hit.start)[:2000]) or (own and _MEANT.search(above[:2000])))


def _finding(source: Source, detector: Detector, hit: Hit, quoted: str, key: str) -> Finding:
    return Finding(
        id=fingerprint("hunt", detector.id, source.path, key),
        source="hunt",
        rule=detector.id,
        path=source.path,
        start=hit.start,
        end=max(hit.start, hit.end),
        severity=hit.severity or detector.severity,
        confidence=calibrated(detector, _sure(detector, hit)),
        category=detector.category,
        message=f"{hit.message.rstrip('.')}. {detector.why}",
        evidence=_shown(quoted),
        fix=hit.fix,
    )


def _shown(quoted: str) -> str:
    lines = quoted.splitlines()[:MOST_LINES]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:].rstrip() for line in lines)[:MOST_EVIDENCE]


def symbol_at(source: Source, line: int) -> str:
    """The dotted name of the innermost definition that a line lies in, "" at the top level."""
    work_out = _script_symbols if source.language in SCRIPT else _symbols
    return source.once("symbols by line", lambda: work_out(source)).get(line, "")


def _symbols(source: Source) -> dict[int, str]:
    definitions: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]
    definitions = [*source.nodes(ast.FunctionDef), *source.nodes(ast.AsyncFunctionDef), *source.nodes(ast.ClassDef)]
    found: dict[int, str] = {}
    for node in sorted(definitions, key=lambda node: (node.lineno, node.col_offset)):
        first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
        name = f"{found[first]}.{node.name}" if first in found else node.name
        found.update(dict.fromkeys(range(first, (node.end_lineno or first) + 1), name))
    return found


def _script_symbols(source: Source) -> dict[int, str]:
    from factory.codegraph.parse.extract import extract

    found: dict[int, str] = {}
    for symbol in sorted(extract(source.language, source.data).symbols, key=lambda each: each.start):
        found.update(dict.fromkeys(range(symbol.start, symbol.end + 1), symbol.full))
    return found
