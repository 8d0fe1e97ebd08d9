"""What no rule mends becomes tasks: by detector and package, few findings each, none that somebody has."""

from factory.contracts.catch import Ranked
from factory.contracts.finding import finding
from factory.hunt.asks import MOST, asks


def row(path: str, rank: float, rule: str = "sql-string", **more: object) -> Ranked:
    item = finding("hunt", rule, "Wrong.", path=path, evidence=f"{path} {rank}", start=1)
    return Ranked.model_validate({"finding": item, "rank": rank, **more})


def paths(rows: list[Ranked], taken: frozenset[str] = frozenset(), most: int = 10) -> list[list[str]]:
    return [[each.finding.path for each in ask.rows] for ask in asks(rows, taken, most, 0.8)]


def test_by_detector_and_package_the_highest_rank_first() -> None:
    rows = [row("a/x.py", 9), row("b/y.py", 8, "resource-leak"), row("a/z.py", 7), row("b/w.py", 6)]
    assert paths(rows) == [["a/x.py", "a/z.py"], ["b/y.py"], ["b/w.py"]]


def test_what_is_known_mends_itself_or_is_taken_is_no_task() -> None:
    mine = row("a/x.py", 9)
    rows = [mine, row("a/y.py", 8, known=True), row("a/z.py", 7, mend="ruff"), row("a/w.py", 6)]
    assert paths(rows, frozenset({mine.finding.id})) == [["a/w.py"]]


def test_the_first_findings_only_and_few_a_task() -> None:
    rows = [row(f"a/f{n}.py", 90 - n) for n in range(MOST + 3)]
    assert [len(each) for each in paths(rows, most=MOST + 2)] == [MOST, 2]
    assert paths(rows, frozenset(each.finding.id for each in rows)) == []


def test_what_is_not_sure_becomes_no_task() -> None:
    weak = row("a/x.py", 9)
    weak = weak.but(finding=weak.finding.but(confidence=0.7))
    assert paths([weak, row("a/y.py", 8)], most=1) == [["a/y.py"]], "nor does it take a place"
