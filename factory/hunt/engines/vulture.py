"""vulture: code that nothing in the whole tree names. Rules: what it calls the thing, as in "unused-function"."""

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from factory.hunt.detector import Hit
from factory.hunt.engines.process import OUTPUT, EngineProblem, TooMuch, run
from factory.hunt.ground import Ground

_ROW = re.compile(
    r"(?P<path>.+?):(?P<line>\d+): (?P<what>unused (?P<kind>[a-z]+) '(?P<name>\w+)'|unreachable code .+?"
    r"|redundant if-condition|unsatisfiable .+?) \((?P<sure>\d+)% confidence"
)
_COMMAND = (sys.executable, "-I", "-m", "vulture")
_WALK = (sys.executable, "-I", str(Path(__file__).with_name("vulture_walk.py")))


def version() -> str:
    return run([*_COMMAND, "--version"], Path("/")).text.strip().removeprefix("vulture ")


def look(ground: Ground, codes: Sequence[str], output: int = OUTPUT) -> list[Hit]:
    """`quoted` is the name where there is one; `confidence` is vulture's own. Raises EngineProblem."""
    if not any(path.endswith(".py") for path in ground.paths):
        return []
    with tempfile.TemporaryDirectory(prefix="vulture-") as empty:  # it reads pyproject.toml where it stands
        try:
            done = run([*_WALK, str(ground.root)], Path(empty), output=output)
        except TooMuch as much:
            ground.notices.append(f"{much} What it said first is looked at.")
            return _hits(much.text, ground.root, codes)
    if done.status not in (0, 1, 3):  # 1: some files do not parse; 3: something was found
        raise EngineProblem(f"vulture gave up: {done.said or f'exit code {done.status}'}")
    if done.status == 1 and "Traceback" in done.said:
        if "No module named 'vulture'" in done.said:
            raise EngineProblem("vulture is not installed: install dark-factory[hunt].")
        raise EngineProblem(f"vulture crashed: {done.said.rpartition(chr(10))[2]}")
    return _hits(done.text, ground.root, codes)


def _hits(text: str, root: Path, codes: Sequence[str]) -> list[Hit]:
    wanted = set(codes)
    return [hit for line in text.split("\n") if (hit := _hit(line, root)) and hit.code in wanted]


def _hit(line: str, root: Path) -> Hit | None:
    match = _ROW.match(line)
    if not match or not Path(match["path"]).is_relative_to(root):
        return None
    code = f"unused-{match['kind']}" if match["kind"] else match["what"].partition(" ")[0]
    return Hit(
        Path(match["path"]).relative_to(root).as_posix(), int(match["line"]), match["what"].capitalize(),
        quoted=match["name"] or "", confidence=int(match["sure"]) / 100, code=code,
    )  # fmt: skip
