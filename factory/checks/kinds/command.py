"""A command somebody typed: `tests` and `verify` of the settings, `verify` of the plan. Runs in the sandbox's shell."""

from factory.checks.kind import Kind, Report, Suite
from factory.checks.kinds.pytest import identity
from factory.checks.python_env import REPORTING
from factory.checks.python_project import read_project, roots, version_env
from factory.checks.reports import any_text, junit
from factory.checks.source import Source
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings


def shell(source: Source, name: str, command: str) -> Suite:
    """`sh -c command` in the top folder, with the project installed as its own tests have it."""
    folders = roots(source)
    top = read_project(source, folders[0]) if folders else None
    return Suite(
        name=name,
        kind="command",
        shown=command,
        argv=("sh", "-c", command),
        env={**REPORTING, **version_env(top.version if top else "1.0.0")},
        group="python" if top else ("node" if source.has("package.json") else ""),
        editable=bool(top and top.installable and not top.folder),
    )


def find(source: Source, settings: CheckSettings) -> tuple[Suite, ...]:
    return tuple(shell(source, f"tests: {command}", command) for command in settings.tests)


def read(result: JobResult) -> Report | None:
    data = result.files.get("junit.xml")
    return (junit([data], identity) if data is not None else None) or any_text(result)


KIND = Kind(find=find, read=read)
