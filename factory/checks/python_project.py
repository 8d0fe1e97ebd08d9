"""What a Python project says about itself: roots, packages, requirements, version. Read, never run."""

import re
import tomllib
from pathlib import PurePosixPath
from typing import Any

from factory.checks.paths import TEST_FILE
from factory.checks.source import Source, inside, outermost, parent
from factory.contracts.record import Record

MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "requirements.txt", "tox.ini")
NOT_PACKAGES = frozenset(
    {"test", "tests", "testing", "doc", "docs", "example", "examples", "scripts", "tools", "bench", "benchmarks", "src"}
)
WANTED = frozenset({"", "base", "ci", "dev", "develop", "development", "main", "test", "tests", "testing", "unittest"})
EXTRA = re.compile(r"^(?:all[-_]?tests?|tests?|testing|dev|develop|development|tests?[-_].*|ci|unit[-_]?tests?)$", re.I)
REQUIREMENTS = re.compile(r"^(?:requirements[/_.-]?)?(\w*?)(?:[/_.-]?requirements)?\.txt$")
VERSION_ENV = (
    "SETUPTOOLS_SCM_PRETEND_VERSION", "PBR_VERSION", "PDM_BUILD_SCM_VERSION", "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "UV_DYNAMIC_VERSIONING_BYPASS", "VERSIONINGIT_PRETEND_VERSION", "MATURIN_PRETEND_VERSION",
)  # fmt: skip


class PythonProject(Record):
    """One folder with Python code that belongs together."""

    folder: str
    name: str = ""
    metadata: str = "pyproject.toml"  # the file that names the dependencies
    installable: bool = False  # it has a build backend
    build: tuple[str, ...] = ()  # what the backend needs
    dynamic: bool = False  # its dependencies are only known to the backend
    dependencies: bool = False
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()  # files, relative to the folder
    poetry: tuple[str, ...] = ()  # development requirements in poetry's own table, as pip writes them
    locked: bool = False
    imports: tuple[str, ...] = ()
    version: str = "1.0.0"


def toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def table(value: object, *keys: str) -> dict[str, Any]:
    """A nested table, {} where something else stands."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def roots(source: Source) -> tuple[str, ...]:
    """Folders with a Python project of their own, the outermost only; the top when only test files say so."""
    marked = {parent(path) for path in source.matching("", *MARKERS)}
    loose = [path for path in source.matching("", "*.py") if TEST_FILE.search(PurePosixPath(path).name)]
    found = outermost({folder for folder in marked if any(source.matching(folder, "*.py"))})
    if found or not loose:
        return found
    return ("",)


def read_project(source: Source, folder: str) -> PythonProject:
    """Everything the installation and the tests of one folder depend on."""
    data = toml(source.text(inside(folder, "pyproject.toml")))
    legacy = source.text(inside(folder, "setup.py")), source.text(inside(folder, "setup.cfg"))
    project, backend = table(data, "project"), table(data, "build-system")
    setup = bool(legacy[0]) or "[metadata]" in legacy[1]
    installable = bool(backend) or setup
    poetry = table(data, "tool", "poetry")
    name = str(project.get("name") or poetry.get("name") or _legacy_name(*legacy))
    unknown = asks_backend(project) or (installable and not project)
    return PythonProject(
        folder=folder,
        name=name,
        metadata="pyproject.toml" if project or backend else ("setup.py" if legacy[0] else "setup.cfg"),
        installable=installable,
        build=tuple(map(str, backend.get("requires") or ())) or (("setuptools", "wheel") if installable else ()),
        dynamic=unknown,
        dependencies=bool(project.get("dependencies")) or unknown,
        extras=_extras(project, legacy),
        groups=tuple(key for key in table(data, "dependency-groups") if EXTRA.match(key)),
        requirements=_requirements(source, folder),
        poetry=_poetry(poetry),
        locked=source.has(inside(folder, "uv.lock")),
        imports=_imports(source, folder, name),
        version=_version(source, folder),
    )


def asks_backend(project: dict[str, Any]) -> bool:
    """Are dependencies only known to the build backend?"""
    return not {"dependencies", "optional-dependencies"}.isdisjoint(map(str, project.get("dynamic") or ()))


def version_env(version: str) -> dict[str, str]:
    """For backends that would ask git: the sandbox has an exported copy without `.git`."""
    return dict.fromkeys(VERSION_ENV, version)


def _legacy_name(setup: str, config: str) -> str:
    match = re.search(r"^name\s*=\s*([\w.-]+)", config, re.M) or re.search(r"\bname\s*=\s*[\"']([\w.-]+)", setup)
    return match[1] if match else ""


def _extras(project: dict[str, Any], legacy: tuple[str, str]) -> tuple[str, ...]:
    named = list(table(project, "optional-dependencies"))
    if "[options.extras_require]" in legacy[1]:
        part = legacy[1].split("[options.extras_require]", 1)[1].split("\n[", 1)[0]
        named += re.findall(r"^([\w-]+)\s*=", part, re.M)
    if match := re.search(r"extras_require\s*=\s*\{(.*?)\}", legacy[0], re.S):
        named += re.findall(r"[\"']([\w-]+)[\"']\s*:", match[1])
    return tuple(dict.fromkeys(name for name in named if EXTRA.match(name)))


def _requirements(source: Source, folder: str) -> tuple[str, ...]:
    start = len(folder) + 1 if folder else 0
    found = []
    for path in source.matching(folder, "*.txt"):
        match = REQUIREMENTS.match(path[start:])
        if match and "requirements" in path[start:] and match[1] in WANTED:
            found.append(path[start:])
    return tuple(found)


def _poetry(poetry: dict[str, Any]) -> tuple[str, ...]:
    tables = [table(poetry, "dev-dependencies")]
    tables += [table(group, "dependencies") for name, group in table(poetry, "group").items() if EXTRA.match(name)]
    return tuple(_from_poetry(name, value) for part in tables for name, value in part.items() if name != "python")


def _from_poetry(name: str, value: object) -> str:
    version = str(value.get("version", "*") if isinstance(value, dict) else value)
    extras = ",".join(value.get("extras", ())) if isinstance(value, dict) else ""
    start = f"{name}[{extras}]" if extras else name
    numbers = version.lstrip("^~>=! ")
    if version.startswith("^") and (match := re.match(r"(0\.)?(\d+)", numbers)):
        return f"{start}>={numbers},<{match[1] or ''}{int(match[2]) + 1}"
    if version.startswith("~") and not version.startswith("~="):
        return (
            f"{start}>={numbers},=={'.'.join(numbers.split('.')[:2])}.*" if "." in numbers else f"{start}=={numbers}.*"
        )
    if version in ("*", ""):
        return start
    return f"{start}{version}" if version[0] in "<>=!~" else f"{start}=={version}"


def _imports(source: Source, folder: str, name: str) -> tuple[str, ...]:
    """Dotted names of the project's own packages, namespace packages by their first real part."""
    files = [path[len(folder) + 1 if folder else 0 :] for path in source.under(folder) if path.endswith(".py")]
    layout = [path[4:] for path in files if path.startswith("src/")] or files
    packages = {parent(path) for path in layout if path.endswith("/__init__.py")}
    first = re.split(r"[._-]", name)[0].lower()
    found = set()
    for package in packages:
        parts = package.split("/")
        above = {"/".join(parts[:end]) for end in range(1, len(parts))}
        namespace = len(parts) > 1 and (layout is not files or parts[0].lower() == first)
        if not above & packages and (len(parts) == 1 or namespace) and parts[0] not in NOT_PACKAGES:
            found.add(".".join(parts))
    found |= {path[:-3] for path in layout if "/" not in path and layout is not files}
    return tuple(sorted(found)[:20])


def _version(source: Source, folder: str) -> str:
    """The newest version that the tree itself names; git tags are not in a tree."""
    if match := re.search(r"^Version: (\S+)", source.text(inside(folder, "PKG-INFO")), re.M):
        return match[1]
    for name in ("CHANGELOG", "CHANGES", "HISTORY", "NEWS"):
        for path in source.matching(folder, f"{name}*", f"{name.lower()}*"):
            if match := re.search(r"^\W*(?:version )?v?(\d+\.\d+(?:\.\d+)?)\b", source.text(path), re.M | re.I):
                return match[1]
    return "1.0.0"
