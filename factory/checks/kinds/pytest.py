"""pytest: counts from its JUnit report, ids as `path::Class::test[parameters]`."""

import json
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from factory.checks.inside import script
from factory.checks.kind import Kind, Report, Suite
from factory.checks.python_env import below, has_tests, prefers_pytest, python_suite, setup_python
from factory.checks.python_project import read_project, roots
from factory.checks.reports import junit
from factory.checks.source import Source
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

OPTIONS = (
    "-o", "junit_family=xunit1", "--junitxml=/out/junit.xml", "-p", "no:cacheprovider", "--color=no", "--maxfail=0",
    "--continue-on-collection-errors", "-rfE",
)  # fmt: skip


def find(source: Source, _settings: CheckSettings) -> tuple[Suite, ...]:
    found = []
    for folder in roots(source):
        if has_tests(source, folder) and prefers_pytest(source, folder):
            project = read_project(source, folder)
            found.append(python_suite("pytest", "python -m pytest", _argv(project.imports, ()), project))
    return tuple(found)


def _argv(names: Sequence[str], only: Sequence[str]) -> tuple[str, ...]:
    plan = json.dumps({"names": list(names), "args": [*OPTIONS, *only]})
    return ("python", "-P", "-c", script("pytest_boot"), plan)


def narrow(suite: Suite, only: Sequence[str]) -> Suite:
    """To ids or files; more than a hundred ids become their files, so that the command line stays short."""
    names = below(suite.folder, only)
    if len(names) > 100:
        names = sorted({name.split("::")[0] for name in names})
    shown = " ".join(("python -m pytest", *names[:5], *(("…",) if len(names) > 5 else ())))
    return suite.but(argv=_argv(suite.imports, names), only=tuple(only), shown=shown)


def identity(case: Element, _suites: tuple[str, ...]) -> str:
    """A node id as pytest itself takes it."""
    file, owner, name = case.get("file") or "", case.get("classname") or "", case.get("name") or "?"
    module = file.removesuffix(".py").replace("/", ".")
    if not file:
        return f"{owner}::{name}" if owner else f"{name.replace('.', '/')}.py"
    if not owner:
        return file  # it could not be collected
    classes = owner.removeprefix(module).strip(".").replace(".", "::")
    return "::".join(part for part in (file, classes, name) if part)


def read(result: JobResult) -> Report | None:
    data = result.files.get("junit.xml")
    return junit([data], identity) if data is not None else None


KIND = Kind(find=find, read=read, setup=setup_python, narrow=narrow, none_code=5, must_count=True, suffixes=(".py",))
