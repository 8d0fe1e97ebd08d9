"""GitHub's expression evaluator for the tests that run workflows: one child process a session.

The first use fetches it with npm into the user's cache; without Node the tests fail with the sentence that says so.
"""

from collections.abc import Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions, expressions


@pytest.fixture(scope="session")
def evaluator() -> Iterator[Expressions]:
    with expressions() as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole workflows take a minute or more each: `make test-whole` runs them."""
    for item in items:
        if item.path.name.startswith("test_whole_"):
            item.add_marker(pytest.mark.whole)
