"""The detectors: one module, one constant `DETECTOR`, one id."""

import pkgutil
from functools import cache
from importlib import import_module

from factory.hunt.detector import Detector


@cache
def all_detectors() -> tuple[Detector, ...]:
    """Every module of this folder, by id. Raises ValueError for two with one id, or one that looks nowhere."""
    found: dict[str, Detector] = {}
    for module in pkgutil.iter_modules(__path__):
        detector: Detector = import_module(f"{__name__}.{module.name}").DETECTOR
        if detector.id in found or detector.id != module.name.replace("_", "-"):
            raise ValueError(f"{module.name}.py: its detector must be {module.name.replace('_', '-')!r}, once.")
        if not (detector.codes or detector.look or detector.survey):
            raise ValueError(f"{detector.id} looks at nothing: give it codes, look or survey.")
        found[detector.id] = detector
    return tuple(found[key] for key in sorted(found))
