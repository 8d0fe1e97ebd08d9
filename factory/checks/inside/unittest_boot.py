"""Inside the sandbox: unittest's own discovery with a result that names every test, written to /out/unittest.json.

`python -P -c SOURCE JSON` with names (the project's packages), starts ([start folder, top folder] pairs)
and only (ids or files).
"""

import json
import os
import sys
import traceback
import unittest
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

plan = json.loads(sys.argv[1])
sys.argv = ["python -m unittest"]
root = os.getcwd()
cases: dict[str, str] = {}
details: dict[str, str] = {}


def name_of(test: Any) -> str:
    if type(test).__name__ == "_FailedTest":
        return f"{test._testMethodName} (import)"
    if type(test).__module__ in ("doctest", "unittest.case"):  # the text or function is the test, not the class
        function = getattr(getattr(test, "_testFunc", None), "__code__", None)
        place = getattr(getattr(test, "_dt_test", None), "filename", None) or getattr(function, "co_filename", None)
        return f"{below(place or '?')}::{type(test).__name__}::{test.id()}"
    module = sys.modules.get(type(test).__module__)
    method = getattr(test, "_testMethodName", None) or str(test)
    return f"{below(getattr(module, '__file__', None) or '?')}::{type(test).__qualname__}::{method}"


def below(path: str) -> str:
    return os.path.relpath(os.path.realpath(path), os.path.realpath(root))


def note(test: Any, status: str, text: str = "") -> None:
    if not isinstance(test, unittest.TestCase):  # setUpClass or setUpModule failed
        key = str(test)
    else:
        key = getattr(test, "factory_name", None) or name_of(test)
    if cases.get(key) in ("failed", "error"):
        return
    cases[key] = status
    if text:
        details[key] = text[-4000:]


class Result(unittest.TextTestResult):
    def addSuccess(self, test: Any) -> None:
        super().addSuccess(test)
        note(test, "passed")

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        note(test, "failed", "".join(traceback.format_exception(*err)))

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        note(test, "error", "".join(traceback.format_exception(*err)))

    def addSkip(self, test: Any, reason: Any) -> None:
        super().addSkip(test, reason)
        note(test, "skipped")

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        note(test, "skipped")

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        note(test, "failed", "unexpected success of a test marked expectedFailure")

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            note(test, "failed", "".join(traceback.format_exception(*err)))


def wanted(name: str) -> bool:
    return not plan["only"] or name in plan["only"] or name.split("::")[0] in plan["only"] or name.endswith("(import)")


def flat(suite: Any) -> Iterator[Any]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flat(item)
        else:
            yield item


class Loader(unittest.TestLoader):
    """Discovery by three patterns at once, so that no file is found twice."""

    def _match_path(self, path: str, full_path: str, pattern: str) -> bool:
        return any(fnmatch(path, each) for each in ("test*.py", "*_test.py", "*_tests.py"))


sys.path.insert(0, root)
suite = unittest.TestSuite()
times: Counter[str] = Counter()
for start, top in plan["starts"]:
    for test in flat(Loader().discover(os.path.join(root, start), top_level_dir=os.path.join(root, top))):
        name = name_of(test)
        times[name] += 1  # tests made by load_tests may all bear one name: they are numbered as they come
        test.factory_name = f"{name} #{times[name]}" if times[name] > 1 else name
        if wanted(test.factory_name):
            suite.addTest(test)
runner = unittest.TextTestRunner(verbosity=2, stream=sys.stderr, buffer=True)
runner.resultclass = Result  # type: ignore[assignment]  # the stubs want a callable, a class is one
result = runner.run(suite)
where = {}
for name in plan["names"]:
    file = getattr(sys.modules.get(name), "__file__", None)
    if file:
        where[name] = os.path.realpath(file)
with open("/out/factory-imports.json", "w") as out:
    json.dump(where, out)
with open("/out/unittest.json", "w") as out:
    json.dump({"ran": result.testsRun, "cases": cases, "details": dict(list(details.items())[:20])}, out)
sys.exit(0 if result.wasSuccessful() else 1)
