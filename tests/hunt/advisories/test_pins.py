"""What a tree pins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.hunt.advisories.pins import Pin, pins, pins_in

REQUIREMENTS = "A_b.C[x]==1.0 \\\n  --hash=sha256:1\nd~=1.0\n-e .\n"
PNPM = "packages:\n  /@a/b@1.0.0(react@18):\n    x: 1\nsnapshots:\n  c@1.0.0:\n"
YARN_2 = """"foo@npm:^1.0.0, foo@npm:^1.1.0":
  version: 1.2.3
  resolution: "foo@npm:1.2.3"

"bar@npm:baz@^2.0.0":
  version: 2.0.0
  resolution: "baz@npm:2.0.0"
"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a/requirements-dev.txt", REQUIREMENTS, [Pin("PyPI", "a-b-c", "1.0", 1)]),
        ("uv.lock", '[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\n', []),
        ("yarn.lock", YARN_2, [Pin("npm", "foo", "1.2.3", 1), Pin("npm", "baz", "2.0.0", 5)]),
        ("yarn.lock", '"@a/b@^1", "@a/b@~1":\n  version "1.1.0"\n', [Pin("npm", "@a/b", "1.1.0", 1)]),
        ("pnpm-lock.yaml", PNPM, [Pin("npm", "@a/b", "1.0.0", 2)]),
        ("package.json", '{"dependencies": {"a": "1.0.0"}}', []),
    ],
)  # fmt: skip
def test_formats(path: str, text: str, expected: list[Pin]) -> None:
    assert pins_in(path, text) == expected
    assert pins(path) or not expected


NO_LOCKS = ['{"packages": {"node_modules/a": 1}}', '{"packages": 1}', "[" * 100_000, '{"dependencies": {"a": []}}']
NAMES = ["requirements.txt", "pyproject.toml", "uv.lock", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"]


@given(st.sampled_from(NAMES), st.text(max_size=300))
def test_any_text_is_read_without_a_crash(path: str, text: str) -> None:
    assert isinstance(pins_in(path, text), list)


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("text", NO_LOCKS)
def test_what_is_no_lock_file_pins_nothing(path: str, text: str) -> None:
    assert pins_in(path, text) == []
