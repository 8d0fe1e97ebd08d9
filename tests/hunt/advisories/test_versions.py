"""Which version is older."""

import pytest

from factory.hunt.advisories.versions import ordered


@pytest.mark.parametrize(
    ("ecosystem", "rising"),
    [
        ("PyPI", ["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.10", "1!0.1"]),
        ("npm", "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0 1.2.0 1.10.0".split()),
    ],
)  # fmt: skip
def test_order(ecosystem: str, rising: list[str]) -> None:
    falling = rising[::-1]
    assert sorted(falling, key=lambda text: ordered(ecosystem, text)) == rising


@pytest.mark.parametrize("ecosystem", ["PyPI", "npm", "Maven"])
def test_what_is_no_version_has_no_order(ecosystem: str) -> None:
    assert ordered(ecosystem, "latest") is None
