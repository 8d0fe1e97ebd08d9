"""The systemd units: what systemd says to them, and that they call commands that exist."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from factory.cli.main import build

UNITS = sorted((Path(__file__).parent.parent.parent / "deploy" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
NAMESPACES = {"dark-factory-recover.service": "user mnt pid net ipc uts cgroup"}  # runs tests, so needs its sandbox
PROGRAM = "/var/lib/dark-factory/bin/factory"
HARDENED = {
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes",
    "PrivateTmp": "yes", "RestrictNamespaces": "yes", "UMask": "0077", "User": "dark-factory",
}  # fmt: skip


def values(unit: Path) -> dict[str, str]:
    """The last value of every key; systemd's sections do not share names here."""
    lines = (line.partition("=") for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in lines}


def test_systemd_has_nothing_to_say(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(PROGRAM, "/bin/true"))
    (tmp_path / "broken.service").write_text("[Service]\nExecStart=/bin/true\nProtectSistem=strict\n")
    units = [tmp_path / unit.name for unit in UNITS]
    done = subprocess.run([verify, "verify", *units], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "dark-factory" not in done.stderr
    broken = subprocess.run(
        [verify, "verify", tmp_path / "broken.service"], capture_output=True, text=True, check=False
    )
    assert "ProtectSistem" in broken.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_may_do_little(unit: Path) -> None:
    found = values(unit)
    wanted = {**HARDENED, "RestrictNamespaces": NAMESPACES.get(unit.name, "yes")}
    assert {key: found.get(key) for key in wanted} == wanted


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_it_calls_a_command_that_exists(unit: Path) -> None:
    words = shlex.split(values(unit)["ExecStart"])
    assert words[0] == PROGRAM
    command = typer.main.get_command(build())
    for word in words[1:]:
        inner = getattr(command, "commands", {}).get(word)
        if inner is None:
            break
        command = inner
    options = {option for parameter in command.params for option in parameter.opts}
    given = {word for word in words if word.startswith("--")}
    assert given
    assert given <= options


def test_the_timer_has_its_service() -> None:
    names = {unit.name for unit in UNITS}
    for unit in UNITS:
        if unit.suffix == ".timer":
            assert f"{unit.stem}.service" in names


def test_the_readme_names_every_file() -> None:
    deploy = UNITS[0].parent.parent
    text = (deploy / "README.md").read_text()
    for path in deploy.rglob("*"):
        if path.is_file() and path.name != "README.md":
            folder = path.parent.relative_to(deploy).parts
            assert path.name in text or re.search(rf"\b{folder[0]}/", text), path
