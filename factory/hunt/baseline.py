"""The baseline: findings that a team knows and has decided to live with for now. Only new ones count.

A JSON file in the repository, one finding a line and sorted by path, so that a review shows who added what. The
fingerprint survives line shifts; path, rule and message are for people.
"""

import json
from collections.abc import Iterable

from factory.contracts.catch import Catch
from factory.contracts.errors import UsageProblem
from factory.contracts.finding import Finding
from factory.contracts.record import Field, Record, ValidationError, problems

LONGEST = 16 * 1024 * 1024  # bytes


class Known(Record):
    """One line of the file."""

    id: str = Field(max_length=64)
    rule: str = Field(max_length=64)
    path: str = Field(default="", max_length=4096)
    message: str = Field(default="", max_length=200)


class Baseline(Record):
    written: str = Field(max_length=40)  # ISO 8601 UTC
    commit: str = Field(default="", max_length=64)
    findings: tuple[Known, ...] = ()


def read(raw: bytes, name: str) -> frozenset[str]:
    """Ids that are known. Raises UsageProblem for a file that is no baseline: nothing is taken for known by guess."""
    if not raw.strip():
        return frozenset()
    if len(raw) > LONGEST:
        raise UsageProblem(f"The baseline {name} has {len(raw):,} bytes; {LONGEST:,} is the limit: write it anew.")
    try:
        return frozenset(each.id for each in Baseline.from_json(raw).findings)
    except ValidationError as error:
        raise UsageProblem(
            f"The baseline {name} cannot be read ({problems(error)[0]}): write it anew with "
            "`factory hunt --write-baseline`."
        ) from None


def text(catch: Catch, now: str) -> str:
    """The file that makes everything found today known."""
    rows = sorted({_known(each.finding) for each in catch.ranked}, key=lambda row: (row.path, row.rule, row.id))
    return _written(rows, now, catch.commit)


def _known(item: Finding) -> Known:
    return Known(id=item.id, rule=item.rule, path=item.path[:4096], message=" ".join(item.message.split())[:200])


def _written(rows: Iterable[Known], now: str, commit: str) -> str:
    lines = ",\n".join(f"    {json.dumps(row.model_dump(), ensure_ascii=False)}" for row in rows)
    findings = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "written": {json.dumps(now)},\n  "commit": {json.dumps(commit)},\n  "findings": {findings}\n}}\n'
