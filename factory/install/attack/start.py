"""The attack self-test: a process of its own in a folder of its own, with secrets made up for it, and an end.

Nothing of the owner's is read or changed but the settings that are handed over, and nothing leaves the machine.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from factory.contracts.record import ValidationError
from factory.install.attack import bombs, bundles, loose, people, walls, weak
from factory.install.attack.canaries import VARIABLES, Canaries, made
from factory.install.attack.tried import Attack, Tried
from factory.settings import Settings

SECONDS = 55.0
ALL = (*people.ALL, *loose.ALL, *bundles.ALL, *walls.ALL, *bombs.ALL)
ENDED = Attack(id="self-test", tried="all of the above, within its time")


def attack(settings: Settings, seconds: float = SECONDS) -> tuple[Tried, ...]:
    """Every attack's row, then the settings that are weaker than they could be."""
    with tempfile.TemporaryDirectory(prefix="factory-attack-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _plant(folder, made())
        rows, log, late = _child(folder, settings, seconds)
    rows = _complete(rows)
    if late:
        rows.append(ENDED.broke(f"ended after {seconds:g} s",
                                "run it again when the machine has less to do"))  # fmt: skip
    elif log:
        rows.append(ENDED.broke(f"it broke: {log}", "report it"))
    return (*rows, *weak.weaknesses(settings))


def _complete(rows: list[Tried]) -> list[Tried]:
    """In the order of reading; what nobody answered for counts as open."""
    known = {row.id: row for row in rows}
    return [known.get(each.id) or each.broke("not tried", "see the last row but the settings") for each in ALL]


def _plant(folder: Path, canaries: Canaries) -> None:
    (folder / "canaries.json").write_text(canaries.to_json(), encoding="utf-8")
    for place in ("home/.aws/credentials", "home/actions-runner/.credentials"):
        path = folder / place
        path.parent.mkdir(parents=True)
        path.write_text(f"{canaries.home}\n", encoding="utf-8")
    (folder / "tmp").mkdir()


def _child(folder: Path, settings: Settings, seconds: float) -> tuple[list[Tried], str, bool]:
    """(rows, last words when it broke, whether it had to be ended)."""
    command = [sys.executable, "-P", "-m", "factory.install.attack.child", str(folder)]
    child = subprocess.Popen(
        command, cwd=folder, env=_environment(folder), text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    late = False
    try:
        said, log = child.communicate(settings.to_json(), timeout=seconds)
    except subprocess.TimeoutExpired:
        late = True
        _end(child)
        said, log = child.communicate()
    finally:
        _end(child)
    last = log.strip().rpartition("\n")[2][-300:] if child.returncode and not late else ""
    return list(_rows(said)), last or ("it said nothing" if child.returncode and not late else ""), late


def _rows(said: str) -> Iterator[Tried]:
    for line in said.splitlines():
        with contextlib.suppress(ValidationError):  # a line that was cut off
            yield Tried.from_json(line)


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the owner's but where programs are; the canaries stand where keys would."""
    canaries = Canaries.from_json((folder / "canaries.json").read_bytes())
    home = str(folder / "home")
    return {
        "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": home, "TMPDIR": str(folder / "tmp"),
        "FACTORY_STATE": str(folder / "state"), **dict.fromkeys(VARIABLES, canaries.environment),
    }  # fmt: skip


def _end(child: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
