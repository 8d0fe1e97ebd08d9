"""Comparisons that convert."""

from pathlib import Path

from tests.hunt.trees import found


def test_a_strict_comparison_within_a_loose_one_is_not_taken_for_it(tmp_path: Path) -> None:
    findings = found(tmp_path, "loose-equality", {"a.js": "x = (a !== b) == c;\ny = a !== b;\n"})
    assert [(each.start, each.evidence) for each in findings] == [(1, "(a !== b) == c")]
