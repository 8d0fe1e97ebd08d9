"""Pinned versions that an OSV database on this machine knows to be unsafe."""

from collections.abc import Iterator
from pathlib import Path

from factory.hunt.advisories.osv import Advisory, AdvisoryProblem, advisories, concerns, mended_in, one_each
from factory.hunt.advisories.pins import Pin, pins, pins_in
from factory.hunt.detector import Detector, Hit
from factory.hunt.ground import Ground


def _survey(ground: Ground) -> Iterator[Hit]:
    if not ground.settings.advisories:
        return
    pinned = {path: pins_in(path, ground.source(path).text) for path in ground.paths if pins(path)}
    wanted = {(pin.ecosystem, pin.name) for each in pinned.values() for pin in each}
    try:
        known = advisories(Path(ground.settings.advisories), wanted) if wanted else {}
    except AdvisoryProblem as problem:
        ground.notices.append(str(problem))
        return
    for path, each in pinned.items():
        for pin in each:
            about = [one for one in known.get((pin.ecosystem, pin.name), ()) if concerns(one, pin)]
            yield from (_hit(path, pin, one) for one in one_each(about))


def _hit(path: str, pin: Pin, advisory: Advisory) -> Hit:
    fixed = mended_in(advisory, pin)
    also = ", ".join(sorted(advisory.names - {advisory.id})[:2])
    named = f"{advisory.id} ({also})" if also else advisory.id
    return Hit(
        path, pin.line, f"{pin.name} {pin.version} is affected by {named}: {advisory.summary}".rstrip(": "),
        quoted=f"{pin.name}=={pin.version} {advisory.id}", severity=advisory.severity,
        fix=f"Use {pin.name} {fixed} or later." if fixed else "No fixed version is known: replace it.",
    )  # fmt: skip


DETECTOR = Detector(
    id="pinned-advisory",
    title="A pinned version with a known advisory",
    why="It is public how to attack this version.",
    severity="medium",
    confidence=0.95,
    category="CWE-1395",
    languages=(),
    survey=_survey,
    in_tests=False,
)
