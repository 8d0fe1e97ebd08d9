"""Readers of reports: formats as the runners write them, and hostile bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from factory.checks import reports
from factory.checks.kinds import KINDS
from factory.checks.kinds.pytest import identity
from factory.contracts.sandbox import JobResult

SUREFIRE = b"""<?xml version="1.0"?><testsuite name="com.x.CalcTest" tests="4">
<testcase name="adds" classname="com.x.CalcTest" time="0.01"/>
<testcase name="breaks" classname="com.x.CalcTest"><failure message="no" type="A">stack</failure></testcase>
<testcase name="explodes" classname="com.x.CalcTest"><error message="bang"/></testcase>
<testcase name="waits" classname="com.x.CalcTest"><skipped/></testcase></testsuite>"""
GO = [
    {"Action": "run", "Package": "x/a", "Test": "TestIt"},
    {"Action": "output", "Package": "x/a", "Test": "TestIt", "Output": "a_test.go:3: no\n"},
    {"Action": "fail", "Package": "x/a", "Test": "TestIt", "Elapsed": 0},
    {"Action": "pass", "Package": "x/a", "Test": "TestIt/sub", "Elapsed": 0},
    {"Action": "fail", "Package": "x/a", "Elapsed": 0},
    {"Action": "skip", "Package": "x/b", "Test": "TestSkip"},
    {"Action": "output", "Package": "x/c", "Output": "c.go:1: syntax error\n"},
    {"Action": "fail", "Package": "x/c"},
]
CARGO = """
     Running unittests src/lib.rs (target/debug/deps/calc-1)

running 3 tests
test tests::adds ... FAILED
test tests::zero ... ok
test tests::slow ... ignored

failures:

---- tests::adds stdout ----
assertion failed: left == right

failures:
    tests::adds
   Doc-tests calc

test src/lib.rs - add (line 3) ... ok
"""
TAP = """TAP version 13
# Subtest: add
    # Subtest: two
    ok 1 - two
      ---
      duration_ms: 1
      ...
    not ok 2 - three # TODO later
    1..2
not ok 1 - add
  ---
  type: 'suite'
  ...
ok 2 - later # SKIP
1..2
"""


def result(output: str = "", **files: bytes) -> JobResult:
    named = {name.replace("_", ".", 1): data for name, data in files.items()}
    return JobResult(status="exited", exit_code=1, seconds=1, output=output, files=named)


def test_surefire_and_gradle() -> None:
    for kind in ("maven", "gradle"):
        report = KINDS[kind].read(result(report_xml=SUREFIRE))
        assert report is not None
        assert report.cases == {
            "com.x.CalcTest::adds": "passed",
            "com.x.CalcTest::breaks": "failed",
            "com.x.CalcTest::explodes": "error",
            "com.x.CalcTest::waits": "skipped",
        }
        assert report.details == {"com.x.CalcTest::breaks": "stack", "com.x.CalcTest::explodes": "bang"}


def test_go() -> None:
    report = KINDS["go"].read(result("\n".join(map(json.dumps, GO))))
    assert report is not None
    assert report.cases == {
        "x/a::TestIt": "failed", "x/a::TestIt/sub": "passed", "x/b::TestSkip": "skipped", "x/c (package)": "error"
    }  # fmt: skip
    assert "syntax error" in report.details["x/c (package)"]


def test_cargo() -> None:
    report = KINDS["cargo"].read(result(CARGO))
    assert report is not None
    assert report.cases == {
        "src/lib.rs::tests::adds": "failed",
        "src/lib.rs::tests::zero": "passed",
        "src/lib.rs::tests::slow": "skipped",
        "calc::src/lib.rs - add (line 3)": "passed",
    }
    assert "left == right" in report.details["src/lib.rs::tests::adds"]


def test_tap_counts_tests_not_suites() -> None:
    report = reports.tap(TAP)
    assert report is not None
    assert report.cases == {"add > two": "passed", "add > three": "failed", "later": "skipped"}


def test_jest_and_mocha() -> None:
    body = {"testResults": [{"name": "/work/a.test.js", "status": "failed", "assertionResults": [
        {"fullName": "it works", "status": "passed"}, {"fullName": "it", "status": "failed", "failureMessages": ["no"]},
        {"fullName": "later", "status": "pending"}]},
        {"name": "/work/b.test.js", "status": "failed", "message": "syntax", "assertionResults": []}]}  # fmt: skip
    report = KINDS["node"].read(result(jest_json=json.dumps(body).encode()))
    assert report is not None
    assert report.cases == {"a.test.js::it works": "passed", "a.test.js::it": "failed", "a.test.js::later": "skipped",
                            "b.test.js": "error"}  # fmt: skip
    mocha = {"passes": [{"fullTitle": "a b", "file": "/work/t.js"}], "failures": [], "pending": []}
    report = KINDS["node"].read(result(mocha_json=json.dumps(mocha).encode()))
    assert report is not None
    assert report.cases == {"t.js::a b": "passed"}


def test_pytest_ids() -> None:
    xml = b"""<testsuites><testsuite><testcase classname="t.test_a.TestX" name="test_y[1-a]" file="t/test_a.py"/>
    <testcase classname="" name="t.test_b" file="t/test_b.py"><error message="collection failure">no</error></testcase>
    </testsuite></testsuites>"""
    report = reports.junit([xml], identity)
    assert report is not None
    assert report.cases == {"t/test_a.py::TestX::test_y[1-a]": "passed", "t/test_b.py": "error"}


def test_the_same_name_twice_hides_nothing() -> None:
    cases = reports.Cases()
    cases.add("a", "passed")
    cases.add("a", "failed")
    assert cases.cases == {"a": "passed", "a #2": "failed"}


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
    assert reports.junit([bomb]) is None


@given(st.binary(max_size=300), st.text(max_size=300))
def test_garbage_is_no_report_and_never_an_exception(data: bytes, text: str) -> None:
    files = dict.fromkeys(
        ("junit.xml", "unittest.json", "jest.json", "mocha.json", "node.xml", "report-0001.xml"), data
    )
    for kind in KINDS.values():
        assert kind.read(JobResult(status="exited", exit_code=0, seconds=0, output=text, files=files)) is None or text
