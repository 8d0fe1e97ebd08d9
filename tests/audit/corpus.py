"""The planted weaknesses of tests/data/audit, and how well rules and the validator of model answers do on them."""

import difflib
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from factory.audit.audit import audit
from factory.audit.change import Change, added_lines
from factory.contracts.audit import Audited

CORPUS = Path(__file__).parent.parent / "data" / "audit"


@dataclass(frozen=True)
class Case:
    id: str
    cwe: str
    path: str
    bad: str
    good: str
    quote: str  # what a recorded answer quotes
    before: str = ""
    gone: str = ""  # the line that only the bad one has, where that is not the quoted one
    others: dict[str, str] = field(default_factory=dict)  # files beside it, the same before and after

    def files(self, text: str) -> dict[str, str]:
        return {**self.others, **({self.path: text.lstrip("\n")} if text else {})}

    def change(self, text: str) -> Change:
        before, after = self.files(self.before), self.files(text)
        return Change(_reader(before), _reader(after), added_lines(self.diff(text)), near=tuple(self.others))

    def diff(self, text: str) -> str:
        """As git would write it."""
        old, new = (self.files(each).get(self.path, "").splitlines(keepends=True) for each in (self.before, text))
        return f"diff --git a/{self.path} b/{self.path}\n" + "".join(
            difflib.unified_diff(old, new, f"a/{self.path}", f"b/{self.path}")
        )


@dataclass
class Score:
    cases: int = 0
    found: int = 0
    false: int = 0  # findings on a safe twin, or of another kind on a bad one

    @property
    def recall(self) -> float:
        return self.found / self.cases

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 1.0


def cases() -> Iterator[Case]:
    for file in sorted(CORPUS.glob("*.toml")):
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["case"]:
            yield Case(**row)


@cache
def looked(case: str, bad: bool) -> Audited:
    one = next(each for each in cases() if each.id == case)
    return audit(one.change(one.bad if bad else one.good))


def scores() -> tuple[dict[str, Score], list[str]]:
    """(of the rules by CWE, what went wrong in words)"""
    made: dict[str, Score] = defaultdict(Score)
    wrong = []
    for case in cases():
        score = made[case.cwe]
        bad, good = looked(case.id, True).findings, looked(case.id, False).findings
        right = [each for each in bad if each.category == case.cwe]
        score.cases += 1
        score.found += bool(right)
        false = [*(each for each in bad if each.category != case.cwe), *good]
        score.false += len(false)
        wrong += [f"{case.id}: not found"] if not right else []
        wrong += [f"{case.id}: false: {each.rule} {each.path}:{each.start} {each.evidence!r}" for each in false]
    return dict(sorted(made.items(), key=lambda row: int(row[0].removeprefix("CWE-")))), wrong


def total(made: dict[str, Score]) -> Score:
    rows = made.values()
    return Score(sum(row.cases for row in rows), sum(row.found for row in rows), sum(row.false for row in rows))


def _reader(files: dict[str, str]) -> Callable[[str], bytes | None]:
    return lambda path: files[path].encode() if path in files else None
