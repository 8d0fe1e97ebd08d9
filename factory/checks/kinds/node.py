"""npm, pnpm and yarn test. Counts from jest, vitest, mocha and node:test; without one of them only the exit code."""

import json
import re
from typing import Any

from factory.checks.kind import Kind, Report, Setup, Suite
from factory.checks.reports import jest, junit, mocha, tap
from factory.checks.source import Source, inside, outermost, parent
from factory.contracts.sandbox import JobResult
from factory.contracts.tables import CheckSettings

NODE_TEST = (
    "--test-reporter=tap --test-reporter-destination=stdout "
    "--test-reporter=junit --test-reporter-destination=/out/node.xml"
)
EXTRA = {
    "jest": ("--ci", "--json", "--outputFile=/out/jest.json"),
    "vitest": ("--run", "--reporter=default", "--reporter=json", "--outputFile=/out/jest.json"),
    "mocha": ("--reporter", "json", "--reporter-option", "output=/out/mocha.json"),
}
INSTALL = (
    'cd "/work/$1" && mkdir -p /deps/node && find . -name node_modules -prune -o '
    r"\( -name package.json -o -name package-lock.json -o -name npm-shrinkwrap.json -o -name pnpm-lock.yaml "
    r'-o -name pnpm-workspace.yaml -o -name yarn.lock -o -name .npmrc \) -type f -exec cp --parents {} /deps/node \; '
    '&& cd /deps/node && shift && exec "$@"'
)  # fmt: skip


def package(source: Source, folder: str) -> dict[str, Any]:
    try:
        data = json.loads(source.text(inside(folder, "package.json")))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def test_script(source: Source, folder: str) -> str:
    """The repository's own test script, "" for none and for npm's placeholder."""
    scripts = package(source, folder).get("scripts")
    text = str(scripts.get("test") or "") if isinstance(scripts, dict) else ""
    return "" if "no test specified" in text else text


def program(source: Source, folder: str) -> str:
    named = str(package(source, folder).get("packageManager") or "").split("@")[0]
    if named in ("npm", "pnpm", "yarn"):
        return named
    locks = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"))
    return next((name for file, name in locks if source.has(inside(folder, file))), "npm")


def find(source: Source, _settings: CheckSettings) -> tuple[Suite, ...]:
    folders = {parent(path) for path in source.matching("", "package.json")}
    found = []
    for folder in outermost({folder for folder in folders if test_script(source, folder)}):
        name, words = program(source, folder), test_script(source, folder)
        more = _report_options(words)
        own = "node" in words and "--test" in words and "--test-reporter" not in words
        suite = Suite(
            name=f"{name} test in {folder}" if folder else f"{name} test",
            kind="node",
            shown=f"{name} test",
            argv=(name, "test", *(("--", *more) if more and name == "npm" else more)),
            folder=folder,
            env={"CI": "1", **({"NODE_OPTIONS": NODE_TEST} if own else {})},
            group="node",
        )
        found.append(suite)
    return tuple(found)


def _report_options(words: str) -> tuple[str, ...]:
    """Options for a JSON report, when the script is one plain call of a runner we know."""
    if re.search(r"[;&|]", words):
        return ()
    return next((EXTRA[word] for word in words.split() if word in EXTRA), ())


def setup(source: Source, folder: str, _settings: CheckSettings) -> Setup | None:
    data = package(source, folder)
    if not any(data.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies", "workspaces")):
        return None
    name = program(source, folder)
    locked = source.has(inside(folder, "package-lock.json")) or source.has(inside(folder, "npm-shrinkwrap.json"))
    commands = {
        "npm": ("npm", "ci" if locked else "install", "--ignore-scripts", "--no-audit", "--no-fund"),
        "pnpm": ("pnpm", "install", "--frozen-lockfile", "--ignore-scripts"),
        "yarn": ("yarn", "install", "--frozen-lockfile", "--ignore-scripts"),
    }
    names = ("package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "pnpm-workspace.yaml",
             "yarn.lock", ".npmrc")  # fmt: skip
    files = source.matching(folder, *names)
    depends = tuple(f"{path}:{source.paths[path].oid}" for path in files)
    command = ("sh", "-c", INSTALL, "sh", folder or ".", *commands[name])
    return Setup(group="node", commands=(command,), depends=depends, files=files)


def read(result: JobResult) -> Report | None:
    files = result.files
    if "jest.json" in files:
        return jest(files["jest.json"])
    if "mocha.json" in files:
        return mocha(files["mocha.json"])
    text = tap(result.output)
    if "node.xml" in files and result.output.count("TAP version") <= 1:  # two runs would overwrite each other's file
        return junit([files["node.xml"]], suites=True) or text
    return text


KIND = Kind(
    find=find, read=read, setup=setup, suffixes=(".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts", ".snap")
)
