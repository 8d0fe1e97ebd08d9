"""Every security and fault case that the project has taken on is named by a test."""

import ast
import json
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CASES = [
    case
    for name in ("security_cases", "fault_cases")
    for case in json.loads((TESTS / "data" / f"{name}.json").read_text(encoding="utf-8"))
]


@cache
def named() -> str:
    """Names and docstrings of all test functions, and the ids of their parameters."""
    words = []
    for path in TESTS.rglob("test_*.py"):
        if path == Path(__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words.append(f"{node.name} {ast.get_docstring(node) or ''}")
    return " ".join(words).lower().replace("-", "_")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_has_a_test(case: dict[str, str]) -> None:
    assert case["id"].lower().replace("-", "_") in named(), case["input"]
