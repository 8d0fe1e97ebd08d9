"""The files of a Python project that say what to install: which they are, what of them counts, what they point at."""

import json
import re
from pathlib import PurePosixPath
from typing import Any

from factory.checks.python_project import PythonProject, asks_backend, table, toml
from factory.checks.source import Source, inside, parent
from factory.contracts.record import digest

FILES = re.compile(r"^(?:pyproject\.toml|setup\.(?:py|cfg)|.*(?:require|constraint).*\.(?:txt|in)"
                   r"|(?:uv|poetry|pdm)\.lock|uv\.toml|Pipfile(?:\.lock)?)$")  # fmt: skip
REQUIREMENTS = re.compile(r"^requirements/.*\.(?:txt|in)$")
INCLUDES = re.compile(r"^\s*(?:-r|-c|--requirements?|--constraints?)[ =]*(\S+)", re.M)
LOCKED_HERE = re.compile(r"\b(?:directory|path|virtual|editable) = \"(?!\.\")")


def manifests(source: Source, folder: str, *more: str) -> tuple[str, ...]:
    """Paths of the files that an installation reads: manifests, locks, what requirement files include, `more`."""
    start = len(folder) + 1 if folder else 0
    found = set()
    for path in source.under(folder):
        name = PurePosixPath(path).name
        near = path[start:].count("/") <= 1 and (FILES.match(name) or name in more)
        if near or REQUIREMENTS.match(path[start:]):
            found.add(path)
    left = [path for path in found if path.endswith((".txt", ".in"))]
    while left:
        path = left.pop()
        for name in INCLUDES.findall(source.text(path)):
            other = _joined(parent(path), name)
            if other not in found and source.has(other):
                found.add(other)
                left.append(other)
    return tuple(sorted(found))


def depends(source: Source, paths: tuple[str, ...], *whole: str) -> tuple[str, ...]:
    """`path:digest` of manifests; of a pyproject.toml that is not in `whole` only the part an installation reads."""
    return tuple(
        f"{path}:{_read_part(source.text(path)) if name == 'pyproject.toml' and name not in whole else entry.oid}"
        for path in paths
        if (name := PurePosixPath(path).name) and (entry := source.paths[path])
    )


def needs_code(source: Source, project: PythonProject, paths: tuple[str, ...]) -> bool:
    """Must the project's own code run, or something else of its tree be built, to know or install what it needs?"""
    data = toml(source.text(inside(project.folder, "pyproject.toml")))
    return (
        project.dynamic
        or any(_local(line) for path in paths if path.endswith((".txt", ".in"))
               for line in source.text(path).splitlines())
        or any(_local(line) for line in _named(data))
        or "path" in json.dumps(table(data, "tool", "uv", "sources"), default=str)
        or "workspace" in table(data, "tool", "uv")
        or '"workspace"' in json.dumps(table(data, "tool", "uv", "sources"), default=str)
        or bool(LOCKED_HERE.search(source.text(inside(project.folder, "uv.lock"))))
    )  # fmt: skip


def _named(data: dict[str, Any]) -> list[str]:
    """Every requirement that a pyproject.toml names."""
    project = table(data, "project")
    lists = [project.get("dependencies"), table(data, "build-system").get("requires"),
             *table(project, "optional-dependencies").values(), *table(data, "dependency-groups").values()]  # fmt: skip
    return [item for each in lists if isinstance(each, list) for item in each if isinstance(item, str)]


def _local(line: str) -> bool:
    """Does this requirement name a place in the tree instead of a package of an index?"""
    text = re.sub(r"(?:^|\s)#.*", "", line).strip()
    if text.startswith("-"):
        return bool(re.match(r"-e\b|--editable\b", text))
    return text.startswith(".") or "file:" in text or ("/" in text and "://" not in text)


def _joined(folder: str, name: str) -> str:
    parts: list[str] = folder.split("/") if folder else []
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _read_part(text: str) -> str:
    """Digest of the tables that name dependencies: a new version or linter setting installs nothing anew."""
    data = toml(text)
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    build = table(data, "build-system")
    unknown = asks_backend(project)
    part = {
        "project": {
            key: project.get(key) for key in ("name", "dependencies", "optional-dependencies", "requires-python")
        },
        "dynamic": unknown,
        "build": build if unknown or not project else build.get("requires"),
        "poetry": {key: poetry.get(key) for key in ("name", "dependencies", "dev-dependencies", "group", "extras")},
        "rest": [data.get("dependency-groups"), table(data, "tool", "uv")],
    }
    return digest(json.dumps(part, sort_keys=True, default=str))
