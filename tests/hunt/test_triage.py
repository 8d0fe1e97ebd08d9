"""Ranks by the written formula, from graph and history where they are known."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.codegraph.building.build import view_of
from factory.codegraph.building.sources import source_of_commit
from factory.codegraph.store.store import GraphStore
from factory.contracts.catch import MOST as CATCH_MOST
from factory.contracts.catch import Catch, Ranked
from factory.contracts.errors import UsageProblem
from factory.contracts.finding import SEVERITIES, Finding, finding
from factory.contracts.hunt import Hunted
from factory.hunt import baseline
from factory.hunt.catch import triaged
from factory.hunt.themes import MOST, MOST_OF_A_FILE, mends, package_of, themes
from factory.hunt.triage import Place, centrality, history, places, rank, ranked
from factory.settings import Settings
from tests.hunt.trees import tree
from tests.line.targets import git, repository

NOW = "2026-11-20T10:00:00Z"


def item(rule: str = "r", path: str = "a.py", line: int = 1, **more: object) -> Finding:
    return finding("hunt", rule, f"{rule} {path} {line}", path=path, evidence=f"{path}{line}", start=line, **more)


def test_the_formula() -> None:
    assert rank(item(severity="high", confidence=0.5), Place(1, 1, 1)) == 35.0
    assert rank(item(severity="high", confidence=0.5), Place(0, 0, 0)) == 4.38
    assert rank(item(severity="critical"), Place(1, 1, 1)) == 100


@given(st.sampled_from(SEVERITIES), *[st.floats(0, 1)] * 4)
def test_a_rank_is_0_to_100_and_no_factor_lowers_it(
    severity: str, sure: float, central: float, churn: float, age: float
) -> None:
    low = rank(item(severity=severity, confidence=sure), Place(central, churn, age))
    assert 0 <= low <= rank(item(severity=severity, confidence=1), Place(1, 1, 1)) <= 100


def test_the_file_that_much_hangs_on_comes_first(tmp_path: Path) -> None:
    files = {f"leaf{n}.py": "import core\n\nprint(core.x)\n" for n in range(4)}
    repo = repository(tmp_path / "repo", {**files, "core.py": "x = 1\n", "lonely.py": "y = 1\n"})
    for n in range(3):
        (repo / "core.py").write_text(f"x = {n + 2}\n")
        git(repo, "commit", "-qam", f"core {n}")
    store = GraphStore(tmp_path / "graph.db")
    view, _ = view_of(store, source_of_commit(repo))
    assert max(centrality(view).items(), key=lambda row: row[1]) == ("core.py", 1.0)
    touched, days = history(view)
    assert touched["core.py"] > touched["leaf0.py"]
    assert days["core.py"] >= 0
    rows = ranked([item(path="lonely.py"), item(path="core.py")], places(view, ["core.py", "lonely.py"]))
    assert [row.finding.path for row in rows] == ["core.py", "lonely.py"]
    assert rows[0].churn > rows[1].churn


def test_without_graph_and_history_all_count_the_same_and_stand_in_order() -> None:
    rows = ranked([item(path="b.py"), item(path="a.py", line=9), item(path="a.py", line=2)], places(None, ["a.py"]))
    assert [(row.finding.path, row.finding.start) for row in rows] == [("a.py", 2), ("a.py", 9), ("b.py", 1)]
    assert len({row.rank for row in rows}) == 1


def rows_of(*findings: Finding) -> tuple[Ranked, ...]:
    return ranked(findings, {})


def test_themes_are_of_one_rule_and_package_and_not_too_long() -> None:
    found = [item(rule, f"{package}/m.py", n) for rule in ("a", "b") for package in ("x/y", "x/z") for n in range(1, 5)]
    mends = {each.id: ("ruff", 3) for each in found}
    made = themes(rows_of(*found), mends, 6)
    assert len(made) == 8
    assert all(theme.lines == 6 and len(theme.findings) == 2 for theme in made)
    by_id = {each.id: each for each in found}
    for theme in made:
        assert {by_id[name].rule for name in theme.findings} == {theme.detector}
        assert {package_of(by_id[name].path) for name in theme.findings} == {theme.package}
    assert len({theme.id for theme in made}) == 8
    assert themes(rows_of(*found), {found[0].id: ("ruff", 7)}, 6) == ()


def test_a_theme_has_no_more_findings_than_a_plan_has_units() -> None:
    found = [item("a", "x/m.py", n) for n in range(1, 60)]
    made = themes(rows_of(*found), {each.id: ("ruff", 1) for each in found}, 500)
    assert [len(theme.findings) for theme in made] == [MOST, MOST, 59 - 2 * MOST]


def test_a_baseline_is_sorted_one_a_line_and_read_back() -> None:
    rows = rows_of(item(path="b.py"), item(path="a.py"), item(path='we"ird.py'))
    text = baseline.text(Catch(commit="c" * 40, ranked=rows), NOW)
    assert [row["path"] for row in json.loads(text)["findings"]] == ["a.py", "b.py", 'we"ird.py']
    assert sum('"id"' in line for line in text.splitlines()) == 3
    assert baseline.read(text.encode(), "x") == {row.finding.id for row in rows}
    assert NOW in text
    assert baseline.read(baseline.text(Catch(commit="c" * 40), NOW).encode(), "x") == frozenset()


@pytest.mark.parametrize("raw", [b"[]", b"{", b'{"findings": [{"id": 1}]}', b"\xff", b"x" * 17_000_000])
def test_what_is_no_baseline_is_refused_with_the_remedy(raw: bytes) -> None:
    with pytest.raises(UsageProblem, match="write it anew"):
        baseline.read(raw, "known.json")


def test_a_file_that_ends_the_reader_of_fixes_costs_its_own_fixes(tmp_path: Path) -> None:
    bare = "try:\n    go()\nexcept:\n    pass\n"
    files = {"a.py": bare, "b.py": bare + "x = " + " and ".join(["a"] * 40_000) + "\n", "c.py": bare}
    ground = tree(tmp_path, dict(files))
    items = [finding("hunt", "bare-except", "m", path=path, start=3, end=3) for path in files]
    rows = rows_of(*items)
    assert set(mends(ground, rows, {"bare-except": "except-exception"}, lambda path: "")) == {items[0].id, items[2].id}


def test_a_fix_by_ruff_is_tried_beside_the_others(tmp_path: Path) -> None:
    ground = tree(tmp_path, {"a.py": "import os\n\ntry:\n    go()\nexcept:\n    pass\n"})
    items = [
        finding("hunt", rule, "m", path="a.py", start=n, end=n) for rule, n in (("unused-code", 1), ("bare-except", 5))
    ]
    codemods = {"unused-code": "ruff", "bare-except": "except-exception"}
    assert mends(ground, rows_of(*items), codemods, lambda path: "") == {
        items[0].id: ("ruff", 1),
        items[1].id: ("except-exception", 2),
    }


def test_only_so_many_fixes_of_one_file_are_tried(tmp_path: Path) -> None:
    ground = tree(tmp_path, {"a.py": "try:\n    go()\nexcept:\n    pass\n" * 40})
    items = [finding("hunt", "bare-except", f"m{n}", path="a.py", start=4 * n + 3, end=4 * n + 3) for n in range(40)]
    assert len(mends(ground, rows_of(*items), {"bare-except": "except-exception"}, lambda path: "")) == MOST_OF_A_FILE


def test_more_findings_than_a_report_holds_lose_the_lowest_and_it_is_said(tmp_path: Path) -> None:
    many = [finding("hunt", "bare-except", f"m{n}", path="a.py", start=n + 1) for n in range(CATCH_MOST + 1)]
    ground = tree(tmp_path, {"b.py": "x = 1\n"})
    found = triaged(ground, Hunted(findings=tuple(many)), Settings())
    assert len(found.ranked) == CATCH_MOST
    assert "25,001 findings" in found.hunted.problems[-1]


def test_folders_with_the_longest_names_are_a_package_too() -> None:
    found = [item("bare-except", f"{'a' * 250}/{'b' * 250}/c.py")]
    assert themes(rows_of(*found), {found[0].id: ("ruff", 1)}, 6)[0].findings == (found[0].id,)
