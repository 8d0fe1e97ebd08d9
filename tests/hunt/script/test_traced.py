"""Where a value in JavaScript comes from."""

import pytest

from factory.hunt.script.traced import origin
from factory.hunt.source import Source


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("export function f(x) {\n  sink(x);\n}", "parameter"),
        ("function f(x) {\n  sink(x);\n}\nmodule.exports = {\n  f,\n};", "parameter"),
        ("function f(x) {\n  sink(x);\n}", "unknown"),
        ("function f(x) {\n  sink(x);\n}\nexports.g = (y) => f(y);", "parameter"),
        ("for (const [ x ] of own) {\n  sink(x);\n}", "unknown"),
        ("export function f(x: Code) {\n  sink(x);\n}", "unknown"),
        ("export const f = async (a, x) => {\n  const y = x.trim();\n  sink(y);\n};", "parameter"),
        ("exports.f = (x) => sink(x);", "parameter"),
        ("export function f(xs) {\n  for (const x of xs) {\n    sink(x);\n  }\n}", "parameter"),
        ("export function f(x) {\n  sink(x.name);\n}", "attribute"),
        ("function f(x: number) {\n  sink(x);\n}", "unknown"),
        ("function f() {\n  const x = made();\n  sink(x);\n}", "unknown"),
        ("const x = 'a';\nsink(x);", "unknown"),
        ("function f(x) {\n  if (!KNOWN.includes(x)) return;\n  sink(x);\n}", "unknown"),
        ("function f(x) {\n  sink(x);\n}\nf('a');", "unknown"),
        ("app.get('/', (req, res) => {\n  const { x } = req.params;\n  sink(x);\n});", "outside"),
        ("app.get('/', (req, res) => {\n  sink(req.query.x);\n});", "outside"),
    ],
)
def test_origin(code: str, expected: str) -> None:
    source = Source("a.ts", code.encode())
    line = next(number for number, text in enumerate(source.lines, start=1) if "sink(" in text)
    value = source.line(line).partition("sink(")[2].partition(")")[0]
    assert origin(source, line, value) == expected
