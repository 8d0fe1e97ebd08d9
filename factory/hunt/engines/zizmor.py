"""zizmor: what is dangerous in GitHub workflows, actions and Dependabot's settings. Offline, without configuration."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.contracts.finding import Severity
from factory.hunt.detector import Hit
from factory.hunt.engines.process import EngineProblem, program, run
from factory.hunt.ground import Ground

_SEVERE: dict[str, Severity] = {"Informational": "info", "Low": "low", "Medium": "medium", "High": "high"}
_SURE = {"Low": 0.5, "Medium": 0.75, "High": 0.95}


def version() -> str:
    return run([program("zizmor"), "--version"], Path("/")).text.strip().removeprefix("zizmor ")


def look(ground: Ground, codes: Sequence[str]) -> list[Hit]:
    """Raises EngineProblem."""
    if not any(path.startswith(".github/") or path.endswith(("action.yml", "action.yaml")) for path in ground.paths):
        return []
    command = [
        program("zizmor"), "--offline", "--no-config", "--no-progress", "--no-exit-codes", "--color=never", "--quiet",
        "--persona=regular", "--collect=all", "--format=json-v1", "--", ".",
    ]  # fmt: skip
    done = run(command, ground.root)
    if done.status == 3:  # nothing to look at
        return []
    if done.status:
        raise EngineProblem(f"zizmor gave up: {done.said or f'exit code {done.status}'}")
    try:
        found = [_hit(row) for row in json.loads(done.text) if not row["ignored"]]
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise EngineProblem(f"zizmor's output is not what it was: {type(error).__name__}.") from None
    wanted = set(codes)
    return [hit for hit in found if hit.code in wanted]


def _hit(row: dict[str, Any]) -> Hit:
    primary = next(each for each in row["locations"] if each["symbolic"]["kind"] == "Primary")
    place, about = primary["concrete"], primary["symbolic"]
    start = place["location"]["start_point"]["row"] + 1
    sure = row["determinations"]
    return Hit(
        about["key"]["Local"]["verbatim_path"].removeprefix("./"), start,
        f"{row['desc'].capitalize()}: {about['annotation']}",
        max(start, min(place["location"]["end_point"]["row"] + 1, start + 7)),
        quoted=str(place["feature"])[:400], severity=_SEVERE.get(sure["severity"], "low"),
        confidence=_SURE.get(sure["confidence"], 0.5), code=str(row["ident"]),
    )  # fmt: skip
