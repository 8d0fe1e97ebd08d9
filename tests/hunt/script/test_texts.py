"""What a text is built of."""

import pytest

from factory.hunt.script.texts import entropy, open_values


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("exec(`git tag ${tag}`)", ["tag"]),
        ("exec(`git checkout ${MAIN}`)", []),
        ("exec(`a ${x ? 'b' : 'c'} ${bin('d')} ${JSON.stringify(e)}`)", []),
        ("exec('ping ' + host + ' -c 1')", ["host"]),
        ("exec('ping ' + 'x')", []),
        ("exec(`a ${f({ b: c })}`)", ["f({ b: c })"]),
    ],
)
def test_open_values(code: str, expected: list[str]) -> None:
    assert open_values(code) == expected


def test_entropy_is_in_bits_a_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
