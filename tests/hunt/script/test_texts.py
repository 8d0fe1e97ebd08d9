"""What a text is built of."""

import pytest

from factory.hunt.script.texts import is_command, is_quoted, open_values


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


def test_a_program_is_no_word_of_a_command() -> None:
    assert is_command("exec(`${path} --version`)", "path")
    assert is_command('exec(path + " --version")', "path")
    assert is_command("exec(`nice ${command}`)", "command")
    assert not is_command("exec(`convert ${path} out.png`)", "path")


def test_quotes_of_sql() -> None:
    assert is_quoted("q(`a = '${x}'`)", "x")
    assert is_quoted("q(`a LIKE '%${x}%'`)", "x")
    assert is_quoted('q("a = \'" + x + "\'")', "x")
    assert not is_quoted("q(`a = ${x}`)", "x")
    assert not is_quoted('q("a = " + x)', "x")
