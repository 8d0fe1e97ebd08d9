"""Linters and type checkers that the repository itself configures. Only messages that are new on the change count."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from factory.checks.kind import Kind, Report, Suite
from factory.checks.python_project import read_project, roots, table, toml
from factory.checks.reports import Cases
from factory.checks.source import Source, inside
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

Message = tuple[str, int, str, str]  # path, line, code, text


@dataclass(frozen=True)
class Linter:
    source: Literal["lint", "types"]
    suffixes: tuple[str, ...]
    configured: Callable[[Source, str], bool]
    argv: tuple[str, ...]
    messages: Callable[[JobResult], list[Message] | None]
    package: str = ""  # what pip installs for it
    group: str = "python"

    def read(self, result: JobResult) -> Report | None:
        """Each message is a failed case `path: code text`; the detail is its line."""
        found = self.messages(result)
        if found is None or (not found and result.exit_code not in (0, 1)):
            return None
        cases = Cases()
        for path, line, code, text in sorted(found):
            name = f"{path}: {code} {text}"
            cases.add(name, "failed")
            cases.details[next(reversed(cases.cases))] = str(line)
        return Report(cases=cases.cases, details=cases.details)


def _has(*names: str) -> Callable[[Source, str], bool]:
    return lambda source, folder: any(source.has(inside(folder, name)) for name in names)


def _section(*places: str, files: tuple[str, ...] = ()) -> Callable[[Source, str], bool]:
    """Configured by one of the files, a `tool.` table of pyproject.toml, or a `file:[section]`."""

    def check(source: Source, folder: str) -> bool:
        if _has(*files)(source, folder):
            return True
        tool = table(toml(source.text(inside(folder, "pyproject.toml"))), "tool")
        sections = [place.split(":", 1) for place in places if ":" in place]
        return any(place in tool for place in places) or any(
            f"\n[{section}" in "\n" + source.text(inside(folder, name)) for name, section in sections
        )

    return check


def _lines(pattern: str) -> Callable[[JobResult], list[Message] | None]:
    compiled = re.compile(pattern, re.M)

    def read(result: JobResult) -> list[Message] | None:
        if "No module named" in result.output and result.exit_code == 1 and not compiled.search(result.output):
            return None
        return [(_clean(m["path"]), int(m["line"]), m["code"] or "error", m["text"]) for m in
                compiled.finditer(result.output)]  # fmt: skip

    return read


def _clean(path: str) -> str:
    return path.removeprefix("/work/").removeprefix("./")


def _ruff(result: JobResult) -> list[Message] | None:
    try:
        body = json.loads(result.files["lint.json"])
        return [(_clean(m["filename"]), m["location"]["row"], str(m.get("code")), m["message"]) for m in body]
    except (KeyError, ValueError, TypeError):
        return None


def _eslint(result: JobResult) -> list[Message] | None:
    try:
        body = json.loads(result.files["lint.json"])
        return [(_clean(file["filePath"]), m.get("line") or 0, str(m.get("ruleId")), m["message"])
                for file in body for m in file["messages"]]  # fmt: skip
    except (KeyError, ValueError, TypeError):
        return None


ESLINT = ("eslint.config.js", "eslint.config.mjs", "eslint.config.cjs", "eslint.config.ts", ".eslintrc", ".eslintrc.js",
          ".eslintrc.cjs", ".eslintrc.json", ".eslintrc.yml", ".eslintrc.yaml")  # fmt: skip
JS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts")

LINTERS: dict[str, Linter] = {
    "eslint": Linter(
        "lint", JS, _has(*ESLINT),
        ("node_modules/.bin/eslint", "-f", "json", "-o", "/out/lint.json", "."), _eslint, group="node",
    ),
    "flake8": Linter(
        "lint", (".py",), _section("flake8", "setup.cfg:flake8", "tox.ini:flake8", files=(".flake8",)),
        ("python", "-P", "-m", "flake8", "--color=never", "."),
        _lines(r"^(?P<path>[^:\n]+):(?P<line>\d+):\d+: (?P<code>\w+) (?P<text>.*)$"), package="flake8",
    ),
    "mypy": Linter(
        "types", (".py", ".pyi"), _section("mypy", "setup.cfg:mypy]", "tox.ini:mypy]", files=("mypy.ini", ".mypy.ini")),
        ("python", "-P", "-m", "mypy", "--no-error-summary", "--no-color-output", "--no-pretty",
         "--hide-error-context", "--cache-dir=/tmp/mypy"),
        _lines(r"^(?P<path>[^:\n]+):(?P<line>\d+)(?::\d+)?: error: (?P<text>.*?)(?:  \[(?P<code>[\w-]+)\])?$"),
        package="mypy",
    ),
    "pyright": Linter(
        "types", (".py", ".pyi"), _section("pyright", files=("pyrightconfig.json",)), ("pyright",),
        _lines(r"^\s+(?P<path>/work/[^:\n]+):(?P<line>\d+):\d+ - error: (?P<text>.*?)(?: \((?P<code>report\w+)\))?$"),
    ),
    "ruff": Linter(
        "lint", (".py", ".pyi"), _section("ruff", files=("ruff.toml", ".ruff.toml")),
        ("ruff", "check", "--output-format=json", "--output-file=/out/lint.json", "--no-cache", "."), _ruff,
    ),
    "tsc": Linter(
        "types", (".ts", ".tsx", ".mts", ".cts"), _has("tsconfig.json"),
        ("node_modules/.bin/tsc", "--noEmit", "--pretty", "false"),
        _lines(r"^(?P<path>[^(\n]+)\((?P<line>\d+),\d+\): error (?P<code>TS\d+): (?P<text>.*)$"), group="node",
    ),
}  # fmt: skip


def lint_kind(name: str) -> Kind:
    """A linter seen as a kind of suite."""
    return Kind(find=lambda _source, _settings: (), read=LINTERS[name].read)


def wanted_packages(source: Source, folder: str) -> list[str]:
    """What pip must install for the linters that this folder configures."""
    return [item.package for item in LINTERS.values() if item.package and item.configured(source, folder)]


def find_linters(source: Source, settings: CheckSettings, changed: tuple[str, ...]) -> tuple[Suite, ...]:
    """The configured linters whose files the change touches."""
    if not settings.lint:
        return ()
    found = []
    for folder in dict.fromkeys(("", *roots(source))):
        for name, linter in LINTERS.items():
            touched = any(path.endswith(linter.suffixes) and path.startswith(folder) for path in changed)
            if touched and linter.configured(source, folder):
                argv = (*linter.argv, *(_mypy_targets(source, folder) if name == "mypy" else ()))
                label = f"{linter.source}: {name}" + (f" in {folder}" if folder else "")
                found.append(Suite(name=label, kind=f"lint:{name}", shown=" ".join(argv[:6]), argv=argv, folder=folder,
                                   group=linter.group))  # fmt: skip
    return tuple(found)


def _mypy_targets(source: Source, folder: str) -> tuple[str, ...]:
    """Nothing where the configuration names files; else the project's packages; else the folder."""
    settings = table(toml(source.text(inside(folder, "pyproject.toml"))), "tool", "mypy")
    texts = "".join(source.text(inside(folder, name)) for name in ("mypy.ini", ".mypy.ini", "setup.cfg"))
    if any(key in settings for key in ("files", "packages", "modules")) or re.search(
        r"^(files|packages)\s*=", texts, re.M
    ):
        return ()
    names = [name.replace(".", "/") for name in read_project(source, folder).imports]
    places = [f"src/{name}" if source.matching(inside(folder, f"src/{name}"), "*.py") else name for name in names]
    return tuple(place for place in places if source.matching(inside(folder, place), "*.py")) or (".",)
