"""Logs as the runners' tools write them, and what is found in them."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.checks.ci_logs import MAX_LOG, MOST, failures
from factory.contracts.feedback import Failure

LOGS = Path(__file__).parent.parent / "data" / "ci_logs"


def found(name: str) -> tuple[Failure, ...]:
    return failures((LOGS / f"{name}.log").read_text(encoding="utf-8"))


def rows(name: str) -> list[tuple[str, str, str, str, int]]:
    return [(each.kind, each.tool, each.name, each.path, each.line) for each in found(name)]


EXPECTED = {
    "pytest": [
        ("test", "pytest", "tests/test_cart.py::test_total[eur-2]", "tests/test_cart.py", 14),
        ("test", "pytest", "tests/test_codes.py::TestCodes::test_unknown", "tests/test_codes.py", 8),
        ("test", "pytest", "tests/test_new.py", "tests/test_new.py", 0),
    ],
    "unittest": [("test", "unittest", "tests.test_part.T.test_it", "tests/test_part.py", 8)],
    "go": [
        ("compile", "go", "", "cart/total.go", 12),
        ("compile", "go", "", "cart/rate.go", 7),
        ("test", "go", "TestCodes/unknown_code", "codes_test.go", 31),
    ],
    "jest": [("test", "jest", "cart › adds two codes", "src/cart.test.ts", 13)],
    "vitest": [("test", "vitest", "cart > adds two codes", "src/cart.test.ts", 13)],
    "cargo": [
        ("compile", "rustc", "E0308", "src/cart.rs", 3),
        ("test", "cargo", "codes::tests::unknown", "src/codes.rs", 20),
    ],
    "compilers": [
        ("compile", "cc", "", "src/net.c", 41),
        ("compile", "cc", "", "include/net.hpp", 7),
        ("compile", "ld", "", "", 0),
        ("compile", "tsc", "TS2322", "src/web/cart.ts", 10),
        ("compile", "tsc", "TS2307", "src/web/page.tsx", 3),
        ("compile", "javac", "", "src/main/java/shop/Cart.java", 12),
        ("compile", "javac", "", "src/main/java/shop/Page.java", 9),
        ("compile", "mypy", "return-value", "shop/cart.py", 8),
        ("compile", "ruff", "F401", "shop/codes.py", 1),
    ],
    "ruff": [("compile", "ruff", "F401", "shop/codes.py", 1)],
    "maven": [("test", "surefire", "CartTest.addsTwoCodes", "", 0)],
    "unknown": [("other", "log", "", "", 0)],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_failed_and_where(name: str) -> None:
    assert rows(name) == EXPECTED[name]


def test_every_log_has_its_expectation() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in LOGS.glob("*.log"))


def test_the_words_of_a_failure_come_along() -> None:
    first, second, third = found("pytest")
    assert first.message == "AssertionError: assert 10 == 20\n +  where 10 = total('eur', 2)"
    assert second.message == "KeyError: 'x'"
    assert third.message == "ModuleNotFoundError: No module named 'shop.new'"
    assert found("unittest")[0].message == "AssertionError: 4 != 2"
    assert "Expected: 20" in found("jest")[0].message
    assert found("vitest")[0].message.startswith("AssertionError: expected 10 to be 20")
    assert found("cargo")[1].message.startswith("assertion `left == right` failed")
    assert "right: 2" in found("cargo")[1].message
    assert found("go")[2].message == 'lookup("x") = nil, want error'


def test_a_red_job_never_comes_out_as_nothing() -> None:
    (one,) = found("unknown")
    assert one.message.endswith("the manifest names version 3, the tag says 4")
    assert failures("")[0].message == "The job failed, and its log is empty."


def test_many_failures_are_capped_and_each_counts_once() -> None:
    log = "".join(f"FAILED tests/test_a.py::test_{n} - boom\n" * 2 for n in range(50))
    assert [each.name for each in failures(log)] == [f"tests/test_a.py::test_{n}" for n in range(MOST)]


@pytest.mark.parametrize("path", ["/etc/passwd.py", "../../x.py", "C:\\x\\y.py"])
def test_a_path_outside_the_repository_is_no_path(path: str) -> None:
    for failure in failures(f"{path}:3: error: bad  [x]\nFAILED {path}::t - x\n"):
        assert (failure.path, failure.line) == ("", 0)


@given(st.text(max_size=400))
def test_any_text_at_all_gives_something(text: str) -> None:
    assert 1 <= len(failures(text)) <= MOST


@pytest.mark.parametrize(
    "piece", ["FAIL: ", "a" * 900 + "\n", '<testcase name="', "[ERROR]  A.a.a.a", "at (((((a.ts:", "_" * 999]
)
def test_a_hostile_log_costs_little(piece: str) -> None:
    """Not a limit on this machine's speed: minutes would show a pattern that backtracks."""
    began = time.process_time()
    assert failures(piece * (MAX_LOG // len(piece)))
    assert time.process_time() - began < 60
