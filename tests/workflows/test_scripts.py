"""The shell of the composite actions, run for real: what reaches `factory`, and when an installed one is used."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.workflow_files import ACTIONS, ROOT, actions

HOSTILE = [
    "$(touch canary)",
    "`touch canary`",
    '"; touch canary #',
    "${IFS}",
    "a b\nc",
    "*",
    "${{ secrets.GITHUB_TOKEN }}",
]


def recorder(folder: Path, version: str = "0.0.0") -> Path:
    """A command named `factory` that writes down how it was called."""
    folder.mkdir(exist_ok=True)
    script = folder / "factory"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"if sys.argv[1:] == ['--version']: print('factory {version}'); sys.exit()\n"
        "json.dump([sys.argv[1:], os.getcwd(), dict(os.environ)], open(os.environ['CALLED'], 'w'))\n"
    )
    script.chmod(0o755)
    return folder


def stage(tmp_path: Path, **inputs: str) -> tuple[list[str], dict[str, str]]:
    """(the arguments that `factory` got, its environment)."""
    temp, workspace = tmp_path / "temp", tmp_path / "workspace"
    temp.mkdir()
    workspace.mkdir(exist_ok=True)
    declared = actions()["stage"]["runs"]["steps"][1]["env"]
    names = [name for name in declared if name.startswith("STAGE_")]
    environment = {
        **dict.fromkeys(names, ""), "STAGE_RUN": "bundle/run.json", "GITHUB_WORKSPACE": str(workspace),
        "PATH": f"{recorder(tmp_path / 'bin')}:{os.environ['PATH']}", "CALLED": str(tmp_path / "called"), **inputs,
    }  # fmt: skip
    subprocess.run(["bash", str(ACTIONS / "stage" / "stage.sh")], env=environment, cwd=temp, check=True)
    arguments, folder, seen = json.loads((tmp_path / "called").read_text())
    assert folder == str(temp)
    return arguments, seen


def test_an_empty_input_is_no_option(tmp_path: Path) -> None:
    arguments, _ = stage(tmp_path, STAGE_NAME="verify")
    assert arguments == ["stage", "verify", "--run", "bundle/run.json", "--repo", str(tmp_path / "workspace")]


def test_each_input_is_an_option_of_factory_stage(tmp_path: Path) -> None:
    """What the action passes is what the command takes."""
    from typer.main import get_command

    from factory.cli.main import build

    options = {name for each in get_command(build()).commands["stage"].params for name in each.opts}  # type: ignore[attr-defined]  # a group
    given = {f"STAGE_{name}": "x" for name in ("NAME", "UNIT", "DIGEST", "ISSUE", "TICKET", "CHANGES")}
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "factory.toml").write_text("")
    arguments, _ = stage(tmp_path, **given)
    used = {each for each in arguments if each.startswith("--")}
    assert used == {"--run", "--repo", "--unit", "--digest", "--issue", "--ticket", "--changes", "--config"}
    assert used <= options


@pytest.mark.parametrize("text", HOSTILE)
def test_inj_01_and_inj_02_text_stays_text(tmp_path: Path, text: str) -> None:
    """INJ-01, INJ-02: what looks like shell or like an expression arrives as it is; nothing is expanded."""
    arguments, _ = stage(tmp_path, STAGE_NAME="generate", STAGE_UNIT=text)
    assert arguments[arguments.index("--unit") + 1] == text
    assert not list(tmp_path.rglob("canary"))


def test_settings_are_the_default_branch_s_file_and_no_link(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "factory.toml").symlink_to("/etc/passwd")
    arguments, _ = stage(tmp_path, STAGE_NAME="plan")
    assert "--config" not in arguments


def test_every_input_of_the_stage_action_is_used() -> None:
    action = actions()["stage"]
    text = (ACTIONS / "stage" / "action.yml").read_text(encoding="utf-8")
    for name in action["inputs"]:
        assert f"inputs.{name}" in text, name
    shell = (ACTIONS / "stage" / "stage.sh").read_text(encoding="utf-8")
    for name in action["runs"]["steps"][1]["env"]:
        assert name in shell or name in ("FACTORY_STATE", "PYTHONSAFEPATH")


def find(tmp_path: Path, version: str) -> str:
    output = tmp_path / "output"
    environment = {"PATH": f"{recorder(tmp_path / 'bin', version)}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(output)}
    subprocess.run(["bash", str(ACTIONS / "setup" / "setup.sh"), "find"], env=environment, check=True)
    return output.read_text()


def test_an_installed_factory_of_the_same_version_is_used(tmp_path: Path) -> None:
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert version
    assert "ready=true" in find(tmp_path, version[1])


def test_another_version_is_not(tmp_path: Path) -> None:
    told = find(tmp_path, "0.0.1")
    assert "ready" not in told
    assert re.fullmatch(r"lock=[0-9a-f]{64}\n", told)


def test_an_unknown_step_says_which_there_are() -> None:
    done = subprocess.run(["bash", str(ACTIONS / "setup" / "setup.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "find, install, installer or sandbox" in done.stderr


@pytest.mark.network
def test_a_cold_installation_gives_a_working_factory_within_half_a_minute(tmp_path: Path) -> None:
    """From nothing but Python: uv by hash, the locked dependencies, `factory` alone on the PATH. Measured as processor
    time, which other work on this machine does not change."""
    path = tmp_path / "path"
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(path)}
    before = os.times()
    subprocess.run(["bash", str(ACTIONS / "setup" / "setup.sh"), "install"], env=environment, check=True)
    after = os.times()
    folder = Path(path.read_text().strip())
    assert [each.name for each in folder.iterdir()] == ["factory"]
    done = subprocess.run([folder / "factory", "--version"], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.startswith("factory ")
    assert after.children_user + after.children_system - before.children_user - before.children_system < 30
