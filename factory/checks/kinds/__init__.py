"""The kinds of test suites, by name. Add a module here, an entry below, a heading in docs/evidence.md."""

from factory.checks.kind import Kind
from factory.checks.kinds import cargo, command, go, gradle, maven, node, nox, pytest, tox, unittest

KINDS: dict[str, Kind] = {
    "cargo": cargo.KIND,
    "command": command.KIND,
    "go": go.KIND,
    "gradle": gradle.KIND,
    "maven": maven.KIND,
    "node": node.KIND,
    "nox": nox.KIND,
    "pytest": pytest.KIND,
    "tox": tox.KIND,
    "unittest": unittest.KIND,
}
