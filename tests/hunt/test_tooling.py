"""Files that only their maintainers run."""

import pytest

from factory.hunt.tooling import is_tooling


@pytest.mark.parametrize(
    "path", ["scripts/a.py", "shop/management/commands/a.py", "setup.py", ".github/a.mjs", "a.config.ts"]
)
def test_tooling(path: str) -> None:
    assert is_tooling(path)


@pytest.mark.parametrize("path", ["shop/views.py", "src/transcripts/a.py", "src/setup_view.py"])
def test_of_the_program(path: str) -> None:
    assert not is_tooling(path)
