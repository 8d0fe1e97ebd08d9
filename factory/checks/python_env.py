"""The environment Python tests run in: what to install, how a suite is told where the code is."""

import json
import platform
import re
from collections.abc import Sequence

from factory.checks.inside import script
from factory.checks.kind import Setup, Suite
from factory.checks.linters import wanted_packages
from factory.checks.manifests import depends, manifests, needs_code
from factory.checks.python_project import PythonProject, read_project, version_env
from factory.checks.source import Source, inside
from factory.contracts.tables import CheckSettings

PLUGINS = {  # option or setting of pytest that only a plug-in knows -> the plug-in
    r"--cov": "pytest-cov",
    r"(?:^|\s)-n\s*(?:\d|auto|logical)|--dist\b|--numprocesses": "pytest-xdist",
    r"--asyncio-mode|asyncio_mode|asyncio_default": "pytest-asyncio",
    r"--timeout|^\s*timeout\s*=": "pytest-timeout",
    r"--reruns": "pytest-rerunfailures",
    r"--benchmark": "pytest-benchmark",
    r"--randomly|-p no:randomly": "pytest-randomly",
    r"--ds[= ]|DJANGO_SETTINGS_MODULE": "pytest-django",
    r"--mypy": "pytest-mypy",
    r"--black": "pytest-black",
    r"--hypothesis": "hypothesis",
}

# For runs of pytest that others start: the report goes where it is looked for, and nothing else is written.
REPORTING = {"PYTEST_ADDOPTS": "-o junit_family=xunit1 --junitxml=/out/junit.xml -p no:cacheprovider --color=no"}
TEST_NAMES = ("test_*.py", "*_test.py", "tests.py")


def uses_pytest(source: Source, folder: str) -> bool:
    """Anything in the folder that names pytest: its configuration, a requirement, a conftest."""
    if source.matching(folder, "conftest.py", "pytest.ini", ".pytest.ini"):
        return True
    files = [inside(folder, name) for name in ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini")]
    files += [inside(folder, name) for name in read_project(source, folder).requirements]
    return any(re.search(r"\bpytest\b", source.text(path)) for path in files)


def has_tests(source: Source, folder: str) -> bool:
    """Python test files, or a pytest configuration that may name them otherwise."""
    return bool(source.matching(folder, *TEST_NAMES, "pytest.ini", "conftest.py"))


def prefers_pytest(source: Source, folder: str) -> bool:
    """pytest when the repository names it or its tests are plain functions; else unittest needs nothing installed."""
    if uses_pytest(source, folder):
        return True
    texts = [source.text(path) for path in source.matching(folder, *TEST_NAMES)[:50]]
    return any("import pytest" in text or "\ndef test_" in f"\n{text}" for text in texts) or not any(
        "unittest" in text for text in texts
    )


def pytest_options(source: Source, folder: str) -> str:
    """The text of the repository's own pytest configuration."""
    texts = [source.text(inside(folder, name)) for name in ("pytest.ini", ".pytest.ini")]
    for name, header in (("pyproject.toml", "[tool.pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "[pytest]")):
        text = source.text(inside(folder, name))
        if header in text:
            texts.append(text.split(header, 1)[1].split("\n[", 1)[0])
    return "\n".join(texts)


def python_suite(kind: str, shown: str, argv: tuple[str, ...], project: PythonProject) -> Suite:
    """All tests of one folder, run in its own environment with the project as a link to /work."""
    return Suite(
        name=f"{kind} in {project.folder}" if project.folder else kind,
        kind=kind,
        shown=shown,
        argv=argv,
        folder=project.folder,
        env=version_env(project.version),
        group="python",
        editable=project.installable,
        imports=project.imports,
    )


def named_suites(kind: str, option: str, names: Sequence[str], command: str, source: Source) -> tuple[Suite, ...]:
    """A suite for each environment of tox, or session of nox, that the settings name. `command` gets the name as $1.

    What was installed may hold an older build of the project: the tree's code goes before it.
    """
    env = {"PYTHONPATH": "/work/src:/work", **REPORTING, **version_env(read_project(source, "").version)}
    return tuple(
        Suite(
            name=f"{kind} {option} {name}",
            kind=kind,
            shown=f"{kind} {option} {name}",
            argv=("sh", "-c", command, "sh", name),
            env=env,
            group=kind,
        )
        for name in names
    )


def below(folder: str, only: Sequence[str]) -> list[str]:
    """Ids or paths as a runner that starts in `folder` knows them."""
    return [name.removeprefix(f"{folder}/") if folder else name for name in only]


def setup_python(source: Source, folder: str, settings: CheckSettings) -> Setup | None:
    """What is installed for the Python suites of one folder; None when they need nothing."""
    project = read_project(source, folder)
    pytest = has_tests(source, folder) and prefers_pytest(source, folder)
    options = pytest_options(source, folder)
    packages = ["pytest"] if pytest else []
    packages += [name for pattern, name in PLUGINS.items() if pytest and re.search(pattern, options, re.M)]
    packages += settings.install
    packages += wanted_packages(source, folder) if settings.lint else ()
    sources = _sources(project)
    if not (packages or sources or project.installable):
        return None
    plan = {
        "folder": folder,
        "sources": sources,
        "packages": packages,
        "build": [*project.build, "editables"] if project.installable else [],
        "needed": ["pytest"] if pytest else [],
        "remove": [project.name] if project.name and project.name.lower() != "pytest" else [],
        "copy": project.dynamic,
        "lock": _lock(project),
    }
    paths = manifests(source, folder)
    code = needs_code(source, project, paths)
    return Setup(
        group="python",
        commands=(("python3", "-I", "-c", script("python_install"), json.dumps(plan)),),
        env=version_env("1.0.0"),
        depends=(platform.python_version(), *depends(source, paths)),
        files=() if code else paths,
        code=code,
    )


def _sources(project: PythonProject) -> list[list[str]]:
    """Arguments of `uv pip install`, one list for each thing that may fail by itself."""
    found = [["-r", name] for name in project.requirements]
    metadata = ["-r", project.metadata]
    found += [metadata] if project.dependencies else []
    found += [[*metadata, "--extra", extra] for extra in project.extras]
    found += [["--group", group] for group in project.groups]
    found += [list(project.poetry)] if project.poetry else []
    return found


def _lock(project: PythonProject) -> list[str]:
    if not project.locked:
        return []
    return [*(word for name in project.extras for word in ("--extra", name)),
            *(word for name in project.groups for word in ("--group", name)), "--no-default-groups"]  # fmt: skip
