"""Find a repository's own suites, in every language it is written in."""

from factory.checks.kind import Kind, Setup, Suite
from factory.checks.kinds import KINDS
from factory.checks.linters import lint_kind
from factory.checks.source import Source
from factory.contracts.tables import CheckSettings

GROUPS = {"python": "pytest", "node": "node", "cargo": "cargo", "go": "go", "maven": "maven", "gradle": "gradle",
          "tox": "tox", "nox": "nox"}  # fmt: skip


def discover(source: Source, settings: CheckSettings) -> tuple[Suite, ...]:
    """Suites of a tree by name, sorted; `settings.tests` replaces what would be found."""
    if settings.tests:
        return KINDS["command"].find(source, settings)
    return tuple(suite for _, kind in sorted(KINDS.items()) for suite in kind.find(source, settings))


def kind_of(suite: Suite) -> Kind:
    """The functions of a suite's kind, linters included."""
    name, _, linter = suite.kind.partition(":")
    return lint_kind(linter) if name == "lint" else KINDS[suite.kind]


def setup_of(source: Source, suite: Suite, settings: CheckSettings) -> Setup | None:
    """What must be installed before this suite can run, None for nothing."""
    if suite.group not in GROUPS:
        return None
    folder = suite.folder
    if suite.kind == "command":  # it runs at the top, with what the outermost project needs
        found = [other.folder for other in discover(source, CheckSettings()) if other.group == suite.group]
        folder = found[0] if found else ""
    return KINDS[GROUPS[suite.group]].setup(source, folder, settings)
