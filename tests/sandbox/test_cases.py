"""Each security case of this package is named by a test."""

import ast
import json
from pathlib import Path

import pytest

CASES = json.loads((Path(__file__).parents[1] / "data" / "security_cases_sandbox.json").read_text())


def names() -> set[str]:
    return {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_has_a_test(case: dict[str, str]) -> None:
    start = f"test_{case['id'].lower().replace('-', '_')}_"
    assert any(name.startswith(start) for name in names())
