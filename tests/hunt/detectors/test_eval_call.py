"""Text that is run as code."""

from pathlib import Path

from tests.hunt.trees import found


def test_code_of_the_program_weighs_more_than_a_tool_of_its_build(tmp_path: Path) -> None:
    text = "export const run = (code) => eval(code);\n"
    findings = found(tmp_path, "eval-call", {"src/a.js": text, "scripts/a.js": text})
    assert [(each.path, each.severity) for each in findings] == [("scripts/a.js", "medium"), ("src/a.js", "high")]


def test_typescript_casts_do_not_hide_it(tmp_path: Path) -> None:
    text = "const f = <T>(x: any) => <T>x;\neval(f<string>(input));\n"
    assert [each.start for each in found(tmp_path, "eval-call", {"a.ts": text})] == [2]
