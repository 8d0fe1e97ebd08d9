"""The repository's own rules: written by strangers."""

from pathlib import Path

from factory.hunt.repository_rules import MOST_BYTES, MOST_FILES
from tests.hunt.trees import hunted, tree

GOOD = "id: no-print\nlanguage: Python\nseverity: error\nmessage: use the log\nrule: {pattern: print($A)}\n"
CODE: dict[str, str | bytes] = {"a.py": "print(1)\n"}


def test_severity_ends_at_medium_and_the_message_is_one_line(tmp_path: Path) -> None:
    rule = GOOD.replace("use the log", '"use\\n::error::\\u001b[31m the log"')
    (finding,) = hunted(tree(tmp_path, {**CODE, ".factory/rules/a.yml": rule}), "repository-rule").findings
    assert finding.severity == "medium"
    assert finding.message.startswith("no-print: use ::error:: [31m the log.")


def test_a_bad_rule_is_a_notice_and_the_others_run(tmp_path: Path) -> None:
    bad = {
        "b.yml": "id: x\nlanguage: Python\nrule: {pattern: [1}\n", "c.yml": "a: &a [x]\nb: *a\n",
        "d.yml": "id: d\nlanguage: Klingon\nrule: {pattern: x}\n", "e.yaml": "[" * 50_000,
        "f.yml": "#" * (MOST_BYTES + 1),
    }  # fmt: skip
    files = {f".factory/rules/{name}": text for name, text in bad.items()}
    done = hunted(tree(tmp_path, {**CODE, ".factory/rules/a.yml": GOOD, **files}), "repository-rule")
    assert [each.path for each in done.findings] == ["a.py"]
    assert len(done.problems) == len(bad)
    assert all(name in " ".join(done.problems) for name in bad)


def test_two_rules_of_one_name_both_run(tmp_path: Path) -> None:
    other = GOOD.replace("print($A)", "exit($A)")
    files: dict[str, str | bytes] = {
        "a.py": "print(1)\nexit(2)\n",
        ".factory/rules/a.yml": GOOD,
        ".factory/rules/b.yml": other,
    }
    done = hunted(tree(tmp_path, files), "repository-rule")
    assert [each.start for each in done.findings] == [1, 2]


def test_rules_are_capped_in_number(tmp_path: Path) -> None:
    files = {
        f".factory/rules/{number:03}.yml": GOOD.replace("no-print", f"r{number}") for number in range(MOST_FILES + 2)
    }
    done = hunted(tree(tmp_path, {**CODE, **files}), "repository-rule")
    assert f"the first {MOST_FILES} count" in done.problems[0]


def test_a_rule_changes_no_file(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **CODE,
        ".factory/rules/a.yml": GOOD + 'fix: "log($A)"\n',
        "sgconfig.yml": "ruleDirs: [x]\n",
    }
    ground = tree(tmp_path, files)
    assert len(hunted(ground, "repository-rule").findings) == 1
    assert (ground.root / "a.py").read_text() == "print(1)\n"
