"""Planted weaknesses: what the rules find, and what the validator lets through of what a model says. Scored apart."""

import json

import pytest

from factory.audit.audit import audit
from factory.audit.change import added_lines
from factory.audit.elements import listed
from factory.contracts.roster import Note
from tests.audit.corpus import Case, cases, looked, scores, total
from tests.audit.reviewed import Listener

ALL = list(cases())


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Listener:
    return Listener(tmp_path_factory.mktemp("heard"))


def test_the_corpus_is_what_it_says() -> None:
    assert len(ALL) >= 40
    assert len({case.cwe for case in ALL}) >= 12
    assert len({case.id for case in ALL}) == len(ALL)
    for case in ALL:
        assert case.quote in case.bad, case.id
        assert (case.gone or case.quote) not in case.good, case.id


def test_the_rules_are_seldom_wrong_and_mostly_see() -> None:
    made, wrong = scores()
    everything = total(made)
    assert everything.precision >= 0.9, "\n".join(wrong)
    assert everything.recall >= 0.9, "\n".join(wrong)


def test_what_was_there_before_is_not_said_again() -> None:
    """A change beside an old weakness: it is the hunt's business, not this change's."""
    case = next(each for each in ALL if each.id == "py-ping-shell")
    later = Case(**{**case.__dict__, "before": case.bad, "bad": case.bad + "\nPORT = 8000\n"})
    assert audit(later.change(later.bad)).findings == ()


def test_a_finding_keeps_its_id_when_lines_move() -> None:
    case = next(each for each in ALL if each.id == "py-sql-across-files")
    moved = Case(**{**case.__dict__, "bad": '"""What is stored."""\n\n' + case.bad})
    first, second = audit(case.change(case.bad)).findings, audit(moved.change(moved.bad)).findings
    assert [each.id for each in first] == [each.id for each in second]
    assert first[0].start != second[0].start


def test_source_steps_and_sink_are_the_evidence() -> None:
    (found,) = looked("py-sql-across-files", True).findings
    lines = found.evidence.splitlines()
    assert lines[0].startswith("shop/api.py:7: ")
    assert lines[-1].startswith("shop/store.py:")
    assert "GET /orders" in found.fix, "where it is simple, a test is proposed"


def test_the_elements_say_what_to_ask() -> None:
    text = listed(looked("py-sql-across-files", True))
    assert "database: cursor.execute, shop/store.py:3 in find | ask T R I D" in text
    assert "NOT CHECKED" in text
    text = listed(looked("py-header", False))
    assert "NOT CHECKED" not in text


@pytest.mark.parametrize("case", ALL, ids=[case.id for case in ALL])
def test_what_a_model_says_counts_only_where_its_line_stands(case: Case, listener: Listener) -> None:
    """The recorded answer names the planted line (a wrong number beside it) and one line that nobody wrote."""
    said = json.dumps(
        {"findings": [
            {"rule": "planted", "path": case.path, "line": 999, "quote": case.quote, "severity": "high",
             "category": case.cwe, "confidence": 0.9, "message": "planted"},
            {"rule": "invented", "path": case.path, "line": 1, "quote": "os.system(nobody_wrote_this)", "message": "x"},
        ]}
    )  # fmt: skip
    notes = [Note.model_validate(each) for each in json.loads(said)["findings"]]
    kept = listener.heard(case.files(case.bad), notes)
    assert [(each.rule, each.category) for each in kept] == [("planted", case.cwe)]
    assert case.quote in case.files(case.bad)[case.path].splitlines()[kept[0].start - 1]
    if not case.gone:  # the safe twin does not hold the line, so the same answer is nothing there
        assert listener.heard(case.files(case.good), notes) == []


def test_new_lines_are_read_from_a_diff() -> None:
    diff = (
        "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,4 @@\n a\n+b\n-c\n+++ d\n e\n"
        "diff --git a/y.py b/y.py\n--- a/y.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n"
    )
    assert added_lines(diff) == {"x.py": frozenset({2, 3})}
