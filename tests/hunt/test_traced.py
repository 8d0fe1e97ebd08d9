"""Where a value in Python comes from."""

import ast
import textwrap

import pytest

from factory.hunt.source import Source
from factory.hunt.traced import is_tired, origin


def traced(code: str) -> str:
    """Of what is given to sink()."""
    source = Source("a.py", textwrap.dedent(code).encode())
    call = next(each for each in source.nodes(ast.Call) if isinstance(each.func, ast.Name) and each.func.id == "sink")
    return origin(source, call.args[0])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(x):\n sink(x)", "parameter"),
        ("def f(x):\n y = x.strip()\n sink(y + 'a')", "parameter"),
        ("def f(xs):\n for x in xs:\n  sink(x)", "parameter"),
        ("def f(x):\n sink(x.name)", "attribute"),
        ("def f(x: int):\n sink(x)", "unknown"),
        ("def f(x):\n y = g(x)\n sink(y)", "unknown"),
        ("def f(x):\n if x not in KNOWN:\n  raise ValueError\n sink(x)", "unknown"),
        ("def f(self):\n sink(self.x)", "unknown"),
        ("def f(config):\n sink(config['x'])", "unknown"),
        ("def f():\n sink(request.args['x'])", "outside"),
        ("def f(self):\n x = self.request.GET.get('x')\n sink(x)", "outside"),
        ("@app.route('/')\ndef f(x):\n sink(x)", "outside"),
        ("def f():\n sink(input())", "outside"),
        ("def _f(x):\n sink(x)", "unknown"),
        ("def _f(x):\n sink(x)\ndef g(y):\n _f(y)", "parameter"),
        ("def f(x):\n sink(x)\ndef g():\n f('a')", "unknown"),
        ("class A:\n def f(self, x):\n  sink(x)\n def g(self):\n  self.f(request.form['x'])", "outside"),
        ("x = 'a'\nsink(x)", "unknown"),
    ],
)
def test_origin(code: str, expected: str) -> None:
    assert traced(code) == expected


def test_a_name_that_is_made_of_itself_ends() -> None:
    assert traced("def f():\n x = y\n y = x\n sink(x)") == "unknown"


def test_names_that_are_given_each_other_again_and_again_end() -> None:
    """Each of them has many ways to each other: to walk them all would take longer than anybody waits."""
    names = [f"v{number}" for number in range(12)]
    given = "".join(f" {one} = {two}\n" for one in names for two in names if one != two)
    source = Source("a.py", f"def f(x):\n{given} sink(v0)\n".encode())
    call = next(each for each in source.nodes(ast.Call))
    assert origin(source, call.args[0]) == "unknown"
    assert is_tired(source)
