"""Which paths are tests, which configure them: the part of a tree that a change may not bend to its favour."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

ALWAYS = frozenset({"tests", "__tests__", "__snapshots__", "__mocks__"})
PERHAPS = frozenset({"test", "spec", "specs", "e2e", "testdata", "testing"})  # only where test files lie in them
TEST_FILE = re.compile(
    r"(?:^test_.*\.py|_tests?\.py|^tests?\.py|_test\.go|[._-](?:test|spec)\.[cm]?[jt]sx?|^test\.[cm]?[jt]s"
    r"|_spec\.rb|(?:Test|Tests|IT|Spec)\.(?:java|kt|groovy|scala)|^Test\w*\.java|_test\.rs)$"
)
WHOLE = (
    "conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "tox.toml", "noxfile.py",
    ".coveragerc", "jest.config.*", "vitest.config.*", "vitest.workspace.*", ".mocharc*", "karma.conf.*",
    "ava.config.*", "playwright.config.*", "cypress.config.*", "jest.setup.*", "vitest.setup.*", "jest-preset.*",
)  # fmt: skip
LINT_WHOLE = (
    "ruff.toml", ".ruff.toml", ".flake8", "mypy.ini", ".mypy.ini", "pyrightconfig.json", "tsconfig*.json",
    "eslint.config.*", ".eslintrc*", ".eslintignore", ".ignore", ".gitignore",
)  # fmt: skip
LINT_PARTS = ("pyproject.toml", "setup.cfg", "tox.ini", "package.json")
PARTS = ("pyproject.toml", "setup.cfg", "package.json")  # configuration of tests among other things


@dataclass(frozen=True)
class TestPaths:
    """Built from the paths of base and candidate together, so that neither can redefine what a test is."""

    __test__ = False
    folders: frozenset[str]
    patterns: tuple[str, ...] = ()  # the repository's own `python_files`

    def is_test(self, path: str) -> bool:
        """A test, a fixture or support file of tests."""
        return self.collectable(path) or any(folder in self.folders for folder in _parents(path))

    def collectable(self, path: str) -> bool:
        """A file that a runner looks into for tests."""
        name = PurePosixPath(path).name
        return bool(TEST_FILE.search(name)) or any(fnmatchcase(name, pattern) for pattern in self.patterns)

    def is_config(self, path: str) -> bool:
        """A file whose only purpose is to configure tests."""
        name = PurePosixPath(path).name
        return any(fnmatchcase(name, pattern) for pattern in WHOLE) or path in (".cargo/config.toml", ".cargo/config")


def classify(paths: Iterable[str], patterns: Iterable[str] = ()) -> TestPaths:
    """Classify the paths of a repository (base and candidate together)."""
    own = tuple(pattern for pattern in patterns if pattern.strip("*") not in ("", ".py"))
    found: set[str] = set()
    for path in paths:
        looks = bool(TEST_FILE.search(PurePosixPath(path).name))
        for folder in _parents(path):
            name = folder.rpartition("/")[2]
            if name in ALWAYS or (name in PERHAPS and (looks or f"{folder}/".endswith("src/test/"))):
                found.add(folder)
    return TestPaths(frozenset(found), own)


def is_lint_config(path: str) -> bool:
    """A file that tells a linter or type checker what to look at, and nothing else."""
    return any(fnmatchcase(PurePosixPath(path).name, pattern) for pattern in LINT_WHOLE)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]
