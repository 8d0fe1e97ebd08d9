"""The house rules a machine can keep (syntax trees only): sizes, imports, names, nothing at import."""

import ast
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("factory/**/*.py"), *ROOT.glob("agents/**/*.py")])
TESTS = sorted(path for path in ROOT.glob("tests/**/*.py") if "data" not in path.parts)
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
MAX_FILE, MAX_FUNCTION = 300, 50


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_sizes(path: Path) -> None:
    """STYLE 3: files up to 300 lines, functions up to 50."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_happens_at_import(path: Path) -> None:
    """STYLE 5: no bare calls, prints, files or environment reads at module level. `inside` holds scripts."""
    if "inside" in path.parts:
        return
    for node in parse(path).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"):
            continue
        assert not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)), ast.unparse(node)
        assert not isinstance(node, ast.For | ast.While | ast.With), f"line {node.lineno} works at import"
        if isinstance(node, ast.Assign | ast.AnnAssign):
            text = ast.unparse(node)
            assert "os.environ" not in text, text
            assert "getenv(" not in text, text
            assert "open(" not in text.replace("Popen(", ""), text
            assert "read_text(" not in text, text


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_each_third_party_package_is_imported_in_one_folder_only() -> None:
    """STYLE 9: so that a library can be exchanged in one place."""
    places: dict[str, set[str]] = defaultdict(set)
    for path in SOURCES:
        parts = path.relative_to(ROOT).parts
        folder = "/".join(parts[:2]) if len(parts) > 2 or parts[0] == "agents" else str(path.relative_to(ROOT))
        for name in imports_of(path) - sys.stdlib_module_names - {"factory", "agents"}:
            places[name].add(folder)
    spread = {name: sorted(folders) for name, folders in places.items() if len(folders) > 1}
    assert places, "no third-party import found: the test is broken"
    assert not spread


def test_names_say_what_a_module_is() -> None:
    """STYLE 18."""
    named = [
        path
        for path in SOURCES + TESTS
        if {part.removesuffix(".py") for part in path.relative_to(ROOT).parts} & BANNED_NAMES
    ]
    assert not named


def test_modules_with_docstrings() -> None:
    """STYLE 19: a module says what it is for."""
    bare = [path for path in SOURCES if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(parse(path))]
    assert not bare


def test_tests_patch_nothing() -> None:
    """STYLE 17: tests use the shipped fakes; what must be different is passed in."""
    word = "monkey" + "patch"
    patched = [
        path for path in TESTS if word in path.read_text(encoding="utf-8") or "unittest.mock" in path.read_text()
    ]
    assert not [path for path in patched if path.name != "test_house.py"]
