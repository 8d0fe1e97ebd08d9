"""zizmor: what is dangerous in GitHub workflows, actions and Dependabot's settings. Offline, without configuration."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.contracts.finding import Severity
from factory.hunt.detector import Hit
from factory.hunt.engines.process import EngineProblem, program, run
from factory.hunt.ground import Ground

MOST_ALONE = 60  # files that are tried one by one when all at once do not go
_WANTED = re.compile(r"^\.github/(workflows/[^/]+|dependabot)\.ya?ml$|(^|/)action\.ya?ml$")
_OPTIONS = (
    "--offline", "--no-config", "--no-progress", "--no-exit-codes", "--color=never", "--quiet", "--persona=regular",
    "--collect=all", "--format=json-v1",
)  # fmt: skip
_SEVERE: dict[str, Severity] = {"Informational": "info", "Low": "low", "Medium": "medium", "High": "high"}
_SURE = {"Low": 0.5, "Medium": 0.75, "High": 0.95}


def version() -> str:
    return run([program("zizmor"), "--version"], Path("/")).text.strip().removeprefix("zizmor ")


def look(ground: Ground, codes: Sequence[str]) -> list[Hit]:
    """Raises EngineProblem."""
    files = {path: data for path in ground.paths if _WANTED.search(path) and _is_text(data := _read(ground, path))}
    if not files:
        return []
    try:
        found = _audited(files)
    except EngineProblem:
        found = _audited_alone(ground, files)
    wanted = set(codes)
    return [hit for hit in found if hit.code in wanted]


def _read(ground: Ground, path: str) -> bytes:
    return (ground.root / path).read_bytes()


def _is_text(data: bytes) -> bool:
    """What is not UTF-8 ends zizmor for all files."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _audited_alone(ground: Ground, files: Mapping[str, bytes]) -> list[Hit]:
    """One file after the other: the one that ends it is left out, and said. Raises EngineProblem when all do."""
    found, problems = [], []
    for path in list(files)[:MOST_ALONE]:
        try:
            found += _audited({path: files[path]})
        except EngineProblem as problem:
            problems.append(problem)
            ground.notices.append(f"zizmor did not get through {path}.")
    if len(problems) == len(files):
        raise problems[0]
    if len(files) > MOST_ALONE:
        ground.notices.append(f"zizmor did not look at {len(files) - MOST_ALONE} files: one of them ends it.")
    return found


def _audited(files: Mapping[str, bytes]) -> list[Hit]:
    """In a folder that holds nothing else: it reads what it finds there."""
    with tempfile.TemporaryDirectory(prefix="zizmor-") as name:
        for path, data in files.items():
            file = Path(name) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        done = run([program("zizmor"), *_OPTIONS, "--", "."], Path(name))
    if done.status == 3:  # nothing to look at
        return []
    if done.status:
        raise EngineProblem(f"zizmor gave up: {done.said or f'exit code {done.status}'}")
    try:
        return [_hit(row) for row in json.loads(done.text) if not row["ignored"]]
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise EngineProblem(f"zizmor's output is not what it was: {type(error).__name__}.") from None


def _hit(row: dict[str, Any]) -> Hit:
    primary = next(each for each in row["locations"] if each["symbolic"]["kind"] == "Primary")
    place, about = primary["concrete"], primary["symbolic"]
    start = place["location"]["start_point"]["row"] + 1
    sure = row["determinations"]
    return Hit(
        about["key"]["Local"]["verbatim_path"].removeprefix("./"), start,
        f"{row['desc'][:1].upper()}{row['desc'][1:]}: {about['annotation']}",
        max(start, min(place["location"]["end_point"]["row"] + 1, start + 7)),
        quoted=str(place["feature"])[:400], severity=_SEVERE.get(sure["severity"], "low"),
        confidence=_SURE.get(sure["confidence"], 0.5), code=str(row["ident"]),
    )  # fmt: skip
