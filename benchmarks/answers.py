"""Recorded answers and settings for a benchmark: a plan of n units, what each of them writes, a judge that accepts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SETTINGS = """\
[endpoints.box]
wire = "scripted"
script = "box.json"
model = "recorded"
logprobs = true
context = {context}

[[chain]]
endpoints = ["box"]

[line]
coding = "{coding}"

[checks]
lint = false
"""
REVIEWERS = ("hydra/correctness", "hydra/tests", "hydra/design", "threat/audit", "injection/audit")
Reply = dict[str, Any]


def unit(number: int) -> dict[str, Any]:
    return {
        "id": f"u{number}", "role": "backend", "title": f"Part {number}.", "instructions": f"Write part {number}.",
        "owns": [f"part_{number}.py"], "acceptance": ["A1"],
    }  # fmt: skip


def plan(units: int) -> Reply:
    text = {"summary": "Parts.", "effort": 5, "acceptance": [{"id": "A1", "text": "Each part is there."}],
            "units": [unit(number) for number in range(units)]}  # fmt: skip
    return {"role": "atlas", "text": json.dumps(text)}


def part(number: int) -> str:
    return f"### write part_{number}.py\n<<<<<<< CONTENT\nPART = {number}\n>>>>>>> END\n"


def written(units: int, delay_s: float) -> list[Reply]:
    """One answer a unit, each after `delay_s`."""
    return [
        {"role": "backend", "match": f"Write part {number}.", "text": part(number), "delay_s": delay_s}
        for number in range(units)
    ]


def judged(test: str) -> list[Reply]:
    """Reviewers that find nothing, and a judge that accepts because of one test."""
    none = [{"template": template, "text": '{"findings": []}', "repeat": True} for template in REVIEWERS]
    shown = [{"criterion": "A1", "shown_by": [test]}]
    verdict = {"evidence": shown, "reasons": ["The tests pass."], "must_fix": [], "decision": "ACCEPT"}
    return [*none, {"role": "genesis", "text": json.dumps(verdict), "margin": 3.0, "repeat": True}]


def settings(folder: Path, replies: Sequence[Reply], *, coding: str = "write", context: int = 65_536) -> Path:
    """Both files in a new `folder`; the path of the settings."""
    folder.mkdir(parents=True)
    (folder / "box.json").write_text(json.dumps({"label": "recorded answers of a benchmark", "replies": list(replies)}))
    (folder / "factory.toml").write_text(SETTINGS.format(coding=coding, context=context))
    return folder / "factory.toml"
