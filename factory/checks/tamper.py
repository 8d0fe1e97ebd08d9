"""What a change did to the judging of it, seen in its text: cheap, static, on added lines only.

The code under test runs in the same process as its tests, so no report from there can be unforgeable; this looks for
the means, the counts and the base's own tests look for the effect.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from factory.checks.restore import Difference
from factory.checks.source import Source
from factory.contracts.finding import Finding, finding

RULE = "tests_tampered"
SHADOWS = frozenset(sys.stdlib_module_names) | {"pytest", "_pytest", "pluggy", "iniconfig", "coverage", "xdist", "py"}
STARTUP = ("sitecustomize.py", "usercustomize.py")
CODE = (".py", ".pyi", ".cfg", ".toml", ".ini", ".js", ".ts", ".mjs", ".cjs", ".sh", ".txt")
MEANS = re.compile(
    r"\b_pytest\b|\bpytest_(?:runtest|pyfunc|report|session|collection|unconfigure|terminal|cmdline)\w*|\bpytest11\b"
    r"|\bhookimpl\b|\bsitecustomize\b|\busercustomize\b|\.pth\b[\"']|junit\.?xml|[\"']/out/|PYTEST_CURRENT_TEST"
    r"|PYTEST_ADDOPTS|PYTEST_PLUGINS|\bunittest\.(?:TestResult|TextTestResult|TestCase|case)\.\w+\s*="
)
FORGERY = re.compile(
    r"def pytest_(?:runtest_(?:makereport|protocol|logreport|call)|pyfunc_call|sessionfinish|report_teststatus"
    r"|unconfigure|terminal_summary|cmdline_main|runtestloop)\b|\.(?:outcome|exitstatus|testsfailed|wasxfail)\s*="
    r"|\bos\._exit\b|\b_pytest\b"
)
LEAVES = re.compile(r"\bos\._exit\s*\(|\bprocess\.exit\s*\(\s*0\s*\)|\bos\.kill(?:pg)?\s*\(\s*os\.getp")
EXITS = re.compile(r"^\s*(?:sys\.exit\s*\(|raise SystemExit|exit\s*\(|quit\s*\()")
ASSERT = re.compile(r"^(?:assert|fail)")


def tampering(base: Source, candidate: Source, difference: Difference) -> list[Finding]:
    """Findings for a change that reaches for the test runner. Rule `tests_tampered` unless only suspicious."""
    found: list[Finding] = []
    for path in difference.changed:
        if not candidate.has(path):
            continue
        found += _planted(base, candidate, path)
        is_test = difference.paths.is_test(path) or difference.paths.is_config(path)
        if path.endswith(CODE):
            found += _added(base, candidate, path, is_test)
        if path.endswith(".py") and is_test and base.has(path):
            found += _emptied(base, candidate, path)
    return found


def _planted(base: Source, candidate: Source, path: str) -> Iterator[Finding]:
    """New files that Python itself would pick up before or instead of the runner's own."""
    if base.has(path):
        return
    name = PurePosixPath(path).name
    package = path.removesuffix("/__init__.py") if name == "__init__.py" else path.removesuffix(".py")
    top = package.rpartition("/")
    shadow = path.endswith(".py") and top[2] in SHADOWS and not candidate.has(f"{top[0]}/__init__.py")
    if name in STARTUP or name.endswith((".pth", ".pyc")):
        yield _tampered(path, f"{path} is new and would run before the tests do.")
    elif shadow:
        yield _tampered(path, f"{path} is new and hides the module {top[2]} that the test runner needs.")


def _added(base: Source, candidate: Source, path: str, is_test: bool) -> Iterator[Finding]:
    before = base.text(path)
    old = set(before.splitlines())
    for number, line in enumerate(candidate.text(path).splitlines(), start=1):
        if line in old or line.lstrip().startswith(("#", "//")):
            continue
        pattern = FORGERY if is_test else MEANS
        match = pattern.search(line)
        if match and match[0] not in before and not (path.endswith((".toml", ".cfg", ".txt", ".ini")) and is_test):
            yield _tampered(path, f"The change adds {match[0]!r} to {path}: it can decide what the tests report.",
                            line, number)  # fmt: skip
        elif is_test and EXITS.search(line) and not line.startswith((" ", "\t")):
            yield _tampered(path, f"The change ends the test run from {path}.", line, number)
        elif not is_test and LEAVES.search(line) and not LEAVES.search(before):
            yield finding("tests", "hard_exit", f"The change ends the process at once in {path}: a test run that gets "
                          "there leaves no report.", path=path, evidence=line.strip()[:300], start=number,
                          severity="medium")  # fmt: skip


def _emptied(base: Source, candidate: Source, path: str) -> Iterator[Finding]:
    """Tests of the base that no longer assert anything, and those that assert less."""
    before, after = _assertions(base.text(path)), _assertions(candidate.text(path))
    for name, (count, _) in before.items():
        left, line = after.get(name, (count, 0))
        if count and not left:
            yield _tampered(path, f"{name} in {path} asserts nothing any more.", name, line)
        elif left < count:
            yield finding("tests", "asserts_removed", f"{name} in {path} asserts less: {left} of {count} are left.",
                          path=path, evidence=name, start=line, severity="medium")  # fmt: skip


def _assertions(text: str) -> dict[str, tuple[int, int]]:
    """Test function -> (assertions in it, line)."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found = {}
    owners = [("", tree.body), *((f"{item.name}::", item.body) for item in tree.body if isinstance(item, ast.ClassDef))]
    for prefix, body in owners:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                found[prefix + node.name] = (sum(map(_asserts, ast.walk(node))), node.lineno)
    return found


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return bool(ASSERT.match(name)) or name in ("raises", "warns", "approx")


def _tampered(path: str, message: str, evidence: str = "", line: int = 0) -> Finding:
    return finding("tests", RULE, message, path=path, evidence=evidence.strip()[:300], start=line, severity="high",
                   category="T")  # fmt: skip
