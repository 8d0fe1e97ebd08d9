"""A tree of a few files to hunt in, for tests of single detectors."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from factory.contracts.finding import Finding
from factory.contracts.hunt import Hunted
from factory.contracts.night import HuntSettings
from factory.hunt.detectors import all_detectors
from factory.hunt.ground import Ground
from factory.hunt.hunt import hunt
from factory.hunt.measured import calibrated


def tree(root: Path, files: dict[str, str | bytes]) -> Ground:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    return Ground(root, tuple(sorted(files)))


def hunted(ground: Ground, detector: str, **settings: Any) -> Hunted:
    """`confidence`: what the detector claims at least, whatever its claims were worth elsewhere."""
    (asked,) = (each for each in all_detectors() if each.id == detector)
    claimed = calibrated(asked, settings.pop("confidence", 0))
    wanted = HuntSettings.model_validate({"severity": "info", "confidence": claimed, **settings})
    return hunt(replace(ground, notices=[]), wanted, only=(detector,), workers=1)


def found(root: Path, detector: str, files: dict[str, str | bytes], **settings: Any) -> tuple[Finding, ...]:
    done = hunted(tree(root, files), detector, **settings)
    assert not done.problems, done.problems
    assert not [run.problem for run in done.engines if run.problem]
    return done.findings
