"""ast-grep on files of strangers."""

from pathlib import Path

import pytest

from factory.hunt.detectors import all_detectors
from factory.hunt.engines import astgrep
from factory.hunt.engines.process import EngineProblem
from tests.hunt.trees import tree

EVAL = "eval(input);\n"


def test_names_are_names_and_never_options_or_commands(tmp_path: Path) -> None:
    names = [
        "-r x.js",
        "--update-all.js",
        "$(touch owned).js",
        "a'b\"c.js",
        "`touch owned`.ts",
        "ä ö.tsx",
        ".hidden.mjs",
    ]
    ground = tree(tmp_path / "tree", {**dict.fromkeys(names, EVAL), ".gitignore": "*\n", ".ignore": "*\n"})
    hits = astgrep.look(ground, ["js-eval"])
    assert sorted(hit.path for hit in hits) == sorted(names)
    assert not list(tmp_path.rglob("owned"))


def test_bytes_that_are_no_text_long_lines_and_deep_nesting_cost_themselves_only(tmp_path: Path) -> None:
    ground = tree(tmp_path, {
        "bad.js": b"\xff\xfe\x00 eval(x);\n", "long.js": "eval(a);" * 130_000, "deep.js": "[" * 100_000 + "]" * 100_000,
        "calls.ts": "f(" * 3_000 + ")" * 3_000, "good.js": EVAL, "empty.js": "",
    })  # fmt: skip
    assert "good.js" in {hit.path for hit in astgrep.look(ground, ["js-eval"])}


def test_line_separators_in_a_text_do_not_end_the_output(tmp_path: Path) -> None:
    ground = tree(tmp_path, {"a.js": "eval(x + '\u2028\x85');\n", "b.js": EVAL})
    assert {hit.path for hit in astgrep.look(ground, ["js-eval"])} == {"a.js", "b.js"}


def test_of_one_file_that_says_too_much_the_first_hits_count_and_that_is_said(tmp_path: Path) -> None:
    loud = ("eval(a);" * 240 + "\n") * 200
    files: dict[str, str | bytes] = {f"f{number:03}.js": EVAL for number in range(300)}
    ground = tree(tmp_path, {**files, "f120x.js": loud})
    rules = tmp_path.with_name("rules-of-" + tmp_path.name)
    rules.mkdir()
    astgrep.place(rules, {"eval.yml": "id: js-eval\nlanguage: JavaScript\nrule: {pattern: eval($A)}\n"})
    found = {hit.path for hit in astgrep.scan(ground, rules, ground.paths, output=1 << 20)}
    assert found == {*files, "f120x.js"}
    assert ground.notices == ["ast-grep has too many hits in f120x.js: only the first are looked at."]


def test_the_trees_own_configuration_is_not_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "sgconfig.yml": "ruleDirs: [own]\ncustomLanguages: {evil: {libraryPath: evil.so, extensions: [js]}}\n",
        "own/a.yml": "id: js-eval\nlanguage: JavaScript\nrule: {pattern: nothing}\n", "a.js": EVAL,
    }  # fmt: skip
    assert [hit.path for hit in astgrep.look(tree(tmp_path, files), ["js-eval"])] == ["a.js"]


def test_when_no_file_can_be_scanned_it_is_said(tmp_path: Path) -> None:
    ground = tree(tmp_path / "tree", {"a.js": EVAL, "b.js": EVAL})
    folder = tmp_path / "rules"
    folder.mkdir()
    astgrep.place(folder, {"bad.yml": "id: x\nlanguage: Klingon\nrule: {pattern: x}\n"})
    for failures in (0, 8):
        with pytest.raises(EngineProblem, match="gave up"):
            list(astgrep.scan(ground, folder, ["a.js", "b.js"], failures=failures))


def test_every_rule_has_a_detector_and_every_code_a_rule() -> None:
    import re

    written = {
        name
        for path in astgrep.RULES.glob("*.yml")
        for name in re.findall(r"^id: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    asked = {code for detector in all_detectors() for code in detector.codes.get("ast-grep", ())}
    assert written == asked
