"""SARIF 2.1.0 of a hunt, as code scanning takes it: https://docs.oasis-open.org/sarif/sarif/v2.1.0/

Limits of code scanning: 25,000 results (5,000 shown, the highest severity first), 25,000 rules, 10 MB gzipped.
"""

import json
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote

from factory.contracts.catch import Catch, Ranked, Rule
from factory.contracts.finding import Severity
from factory.contracts.record import Json
from factory.render.text import clean, clip

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST = 25_000  # results
MESSAGE, SNIPPET = 1000, 1000  # characters
LEVELS: dict[Severity, str] = {"info": "note", "low": "note", "medium": "warning", "high": "error", "critical": "error"}
SCORES: dict[Severity, str] = {"info": "1.0", "low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
"""`security-severity` as GitHub reads it: over 9.0 critical, 7.0 high, 4.0 medium, else low."""


def sarif(catch: Catch, indent: int | None = None, part: str = "hunt") -> str:
    """The log file; findings that the baseline knows are in it as unchanged. Worst first, at most MOST.

    `part` of the factory: what one says is not replaced by what another says of the same commit.
    """
    rows = catch.ranked[:MOST]
    rules = _rules(catch, rows)
    index = {rule["id"]: n for n, rule in enumerate(rules)}
    run: Json = {
        "tool": {"driver": {"name": f"Dark Factory {part}", "semanticVersion": _version(), "rules": rules}},
        "automationDetails": {"id": f"dark-factory/{part}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [{
            "executionSuccessful": True,
            "toolExecutionNotifications": [
                {"level": "warning", "message": {"text": clip(clean(each), MESSAGE)}} for each in _trouble(catch)
            ],
        }],
        "results": [_result(row, index) for row in rows],
    }  # fmt: skip
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=indent, ensure_ascii=False)


def _rules(catch: Catch, rows: Sequence[Ranked]) -> list[Json]:
    known = {rule.id: rule for rule in catch.rules}
    names = sorted({row.finding.rule for row in rows} | set(known))
    return [_rule(known.get(name) or Rule(id=name, title=name, why=name)) for name in names]


def _rule(rule: Rule) -> Json:
    cwe = re.fullmatch(r"CWE-(\d{1,4})", rule.category)
    tags = ["security", f"external/cwe/cwe-{int(cwe[1]):03d}"] if cwe else ["maintainability"]
    properties: Json = {"tags": tags, "precision": "high", "problem.severity": _problem(rule.severity)}
    if cwe:
        properties["security-severity"] = SCORES[rule.severity]
    words = clip(clean(rule.why), MESSAGE) or rule.title
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", rule.id)),
        "shortDescription": {"text": clip(clean(rule.title), 250)},
        "fullDescription": {"text": words},
        "help": {"text": words, "markdown": words},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": properties,
    }


def _problem(severity: Severity) -> str:
    return {"note": "recommendation", "warning": "warning", "error": "error"}[LEVELS[severity]]


def _result(row: Ranked, index: dict[str, int]) -> Json:
    item = row.finding
    found: Json = {
        "ruleId": item.rule,
        "ruleIndex": index[item.rule],
        "level": LEVELS[item.severity],
        "message": {"text": clip(clean(item.message), MESSAGE) or item.rule},
        "locations": [{"physicalLocation": _place(row)}],
        "partialFingerprints": {"factoryFinding/v1": item.id},
        "rank": row.rank,
        "baselineState": "unchanged" if row.known else "new",
        "properties": {"confidence": item.confidence, "severity": item.severity},
    }
    return found


def _place(row: Ranked) -> Json:
    item = row.finding
    place: Json = {"artifactLocation": {"uri": quote(item.path or ".", safe="/"), "uriBaseId": "SRCROOT"}}
    if item.start:
        place["region"] = {"startLine": item.start, "endLine": max(item.start, item.end)}
        if item.evidence:
            place["region"]["snippet"] = {"text": clip(clean(item.evidence), SNIPPET)}
    return place


def _trouble(catch: Catch) -> list[str]:
    hunted = catch.hunted
    said = [f"{each.name} gave nothing: {each.problem}" for each in hunted.engines if each.problem]
    said += hunted.problems
    return [*said, *(f"{path} could not be looked at" for path in hunted.failed[:100])]


def _version() -> str:
    try:
        return version("dark-factory")
    except PackageNotFoundError:
        return "0.0.0"
