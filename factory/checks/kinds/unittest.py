"""unittest: its own discovery with a result that names every test. Needs nothing installed."""

import json
from collections.abc import Sequence

from factory.checks.inside import script
from factory.checks.kind import Kind, Report, Suite
from factory.checks.python_env import below, has_tests, prefers_pytest, python_suite, setup_python
from factory.checks.python_project import read_project, roots
from factory.checks.reports import Cases
from factory.checks.source import Source, inside, parent
from factory.contracts.record import ValidationError
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

NAMES = ("test*.py", "*_test.py", "*_tests.py")


def find(source: Source, _settings: CheckSettings) -> tuple[Suite, ...]:
    found = []
    for folder in roots(source):
        if has_tests(source, folder) and not prefers_pytest(source, folder):
            project = read_project(source, folder)
            plan = {"names": project.imports, "starts": starts(source, folder), "only": ()}
            argv = ("python", "-P", "-c", script("unittest_boot"), json.dumps(plan))
            found.append(python_suite("unittest", "python -m unittest discover", argv, project))
    return tuple(found)


def starts(source: Source, folder: str) -> list[tuple[str, str]]:
    """(start folder, top folder) of each discovery: a package of tests is found from the folder above it."""
    cut = len(folder) + 1 if folder else 0
    found = set()
    for path in source.matching(folder, *NAMES):
        start = parent(path)
        top = start
        while top != folder and source.has(inside(top, "__init__.py")):
            top = parent(top)
        found.add((start[cut:], top[cut:]))
    return sorted(pair for pair in found if not any(_covers(other, pair, source, folder) for other in found - {pair}))


def _covers(other: tuple[str, str], pair: tuple[str, str], source: Source, folder: str) -> bool:
    """Does discovery in `other` walk into `pair`'s start? It does where every folder between is a package."""
    if not pair[0].startswith(f"{other[0]}/" if other[0] else "") or other[1] != pair[1]:
        return False
    between = pair[0]
    while between != other[0]:
        if not source.has(inside(inside(folder, between), "__init__.py")):
            return False
        between = parent(between)
    return True


def narrow(suite: Suite, only: Sequence[str]) -> Suite:
    names = below(suite.folder, only)
    plan = json.loads(suite.argv[-1]) | {"only": names}
    shown = " ".join(("python -m unittest", *names[:5]))
    return suite.but(argv=(*suite.argv[:-1], json.dumps(plan)), only=tuple(only), shown=shown)


def read(result: JobResult) -> Report | None:
    try:
        body = json.loads(result.files["unittest.json"])
        report = Report.model_validate({"cases": body["cases"], "details": body["details"]})
    except (KeyError, TypeError, ValueError, ValidationError):
        return None
    found = Cases()
    for name, status in report.cases.items():
        found.add(name, status, report.details.get(name, ""))
    return found.report()


KIND = Kind(find=find, read=read, setup=setup_python, narrow=narrow, none_code=5, must_count=True, suffixes=(".py",))
