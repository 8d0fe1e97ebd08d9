"""Pure decisions: what changed between two runs, which paths are tests, what an outcome means."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.checks.compare import compare, file_of, in_files, moved
from factory.checks.execute import judge
from factory.checks.kind import Report
from factory.checks.kinds import KINDS
from factory.checks.linters import LINTERS
from factory.checks.paths import classify
from factory.checks.python_project import _from_poetry
from factory.contracts.sandbox import JobResult
from factory.files import BlobFolder

STATUS = st.sampled_from(["passed", "failed", "error", "skipped"])


def test_each_kind_of_change() -> None:
    before = {"a": "passed", "b": "failed", "c": "passed", "d": "failed", "e": "passed", "f::g": "passed"}
    after = {"a": "failed", "b": "passed", "c": "skipped", "d": "error", "x::g": "passed", "n": "failed"}
    found = compare(before, after)  # type: ignore[arg-type]  # literals
    assert found.suspects == ("a", "n")
    assert found.fixed == ("b",)
    assert found.preexisting == ("d",)
    assert found.newly_skipped == ("c",)
    assert found.vanished == ("e",)
    assert found.added == ("n", "x::g")


@given(st.dictionaries(st.text(max_size=3), STATUS), st.dictionaries(st.text(max_size=3), STATUS))
def test_nothing_is_lost_between_two_runs(before: dict, after: dict) -> None:  # type: ignore[type-arg]
    found = compare(before, after)
    red = {name for name, status in after.items() if status in ("failed", "error")}
    assert red == set(found.suspects) | set(found.preexisting)
    gone = set(before) - set(after)
    assert gone == set(found.vanished) | moved(gone, set(after) - set(before))


def test_one_new_test_excuses_one_that_is_gone() -> None:
    assert moved(["a.py::t", "b.py::t"], ["c.py::t"]) == {"a.py::t"}


def test_files_of_ids() -> None:
    assert file_of("t/a.py::X::y") == "t/a.py"
    assert file_of("add > two") == ""
    assert in_files({"a.py::x": "passed", "b.py::x": "passed"}, ["back/a.py"], "back") == {"a.py::x": "passed"}


def test_which_paths_are_tests() -> None:
    paths = ["tests/data/x.json", "django/test/client.py", "pkg/test/test_a.py", "pkg/test/data.py", "src/a.py",
             "src/test/java/A.java", "check_me.py", "a_test.go", "web/a.spec.ts", "conftest.py",
             "pytest.ini"]  # fmt: skip
    found = classify(paths, ["check_*.py"])
    assert [path for path in paths if found.is_test(path)] == [
        "tests/data/x.json", "pkg/test/test_a.py", "pkg/test/data.py", "src/test/java/A.java", "check_me.py",
        "a_test.go", "web/a.spec.ts",
    ]  # fmt: skip
    assert [path for path in paths if found.is_config(path)] == ["conftest.py", "pytest.ini"]


@pytest.mark.parametrize(
    ("kind", "code", "text", "status"),
    [
        ("pytest", 0, "", "error"),
        ("pytest", 5, "", "none"),
        ("pytest", 0, '<testsuite><testcase name="a" classname="b"/></testsuite>', "passed"),
        ("pytest", 1, '<testsuite><testcase name="a" classname="b"/></testsuite>', "error"),
        ("pytest", 0, '<testsuite><testcase name="a" classname="b"><failure/></testcase></testsuite>', "failed"),
        ("command", 0, "", "passed"),
        ("command", 3, "", "failed"),
        ("command", 127, "", "error"),
    ],
)
def test_outcome_from_exit_code_and_counts(tmp_path: Path, kind: str, code: int, text: str, status: str) -> None:
    files = {"junit.xml": text.encode()} if text else {}
    result = JobResult(status="exited", exit_code=code, seconds=1, output="", files=files)
    assert judge(result, KINDS[kind], BlobFolder(tmp_path))[0].status == status


@pytest.mark.parametrize("status", ["timeout", "oom", "enospc", "killed"])
def test_a_limit_is_a_status_with_a_clear_note(tmp_path: Path, status: str) -> None:
    result = JobResult.model_validate({"status": status, "exit_code": 137, "seconds": 1, "output": ""})
    outcome = judge(result, KINDS["pytest"], BlobFolder(tmp_path))[0]
    assert outcome.status == status
    assert outcome.note.startswith("The tests ")


def read_lint(name: str, output: str, **files: bytes) -> Report | None:
    named = {key.replace("_", "."): data for key, data in files.items()}
    return LINTERS[name].read(JobResult(status="exited", exit_code=1, seconds=1, output=output, files=named))


def test_messages_of_linters() -> None:
    mypy = read_lint("mypy", 'a.py:3: error: Name "x" is not defined  [name-defined]\na.py:4: note: see\n')
    unused = "./a.py:{}:1: F401 'os' imported but unused\n"
    flake8 = read_lint("flake8", unused.format(1) + unused.format(9))
    tsc = read_lint("tsc", "src/a.ts(3,7): error TS2322: Type 'string' is not assignable.\n")
    pyright = read_lint("pyright", '  /work/a.py:2:5 - error: "x" is unbound (reportUnbound)\n')
    eslint = read_lint("eslint", "", lint_json=b'[{"filePath": "/work/a.js", "messages": [{"line": 2, "ruleId": "r", '
                       b'"message": "no"}]}]')  # fmt: skip
    assert [list(found.cases) for found in (mypy, flake8, tsc, pyright, eslint) if found] == [
        ['a.py: name-defined Name "x" is not defined'],
        ["a.py: F401 'os' imported but unused", "a.py: F401 'os' imported but unused #2"],
        ["src/a.ts: TS2322 Type 'string' is not assignable."],
        ['a.py: reportUnbound "x" is unbound'],
        ["a.js: r no"],
    ]
    assert read_lint("flake8", "/x/python: No module named flake8\n") is None


def test_poetry_s_versions_as_pip_writes_them() -> None:
    assert _from_poetry("a", "^1.2") == "a>=1.2,<2"
    assert _from_poetry("a", "^0.3.1") == "a>=0.3.1,<0.4"
    assert _from_poetry("a", "~1.4") == "a>=1.4,==1.4.*"
    assert _from_poetry("a", {"version": "*", "extras": ["x"]}) == "a[x]"
    assert _from_poetry("a", "1.2") == "a==1.2"
