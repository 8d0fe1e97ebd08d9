"""The detectors' part of docs/hunt.md: one heading each, from their own constants."""

import textwrap

from factory.hunt.detector import Detector
from factory.hunt.detectors import all_detectors
from factory.hunt.measured import JUDGED, calibrated, share

DEFAULT = 0.6  # the lowest confidence that is reported


def detectors() -> str:
    """docs/hunt.md: what each detector looks for, why, and how it is switched off."""
    return "\n".join(map(_section, all_detectors()))


def _confidence(detector: Detector) -> str:
    worth = calibrated(detector, detector.confidence)
    said = f"{worth:g}"
    if share(detector.id) < 1:
        right, judged = (sum(row[n] for row in JUDGED[detector.id]) for n in (0, 1))
        said += f" (it claims {detector.confidence:g}; {right} of {judged} were right where nobody had tuned for them)"
    return said + (", below the default: reported only with a lower `confidence`" if worth < DEFAULT else "")


def _section(detector: Detector) -> str:
    ways = [f"{engine}: {', '.join(f'`{code}`' for code in codes)}" for engine, codes in detector.codes.items()]
    ways += ["own code, file by file"] if detector.look else []
    ways += ["own code, over the whole tree"] if detector.survey else []
    facts = [
        f"languages: {', '.join(detector.languages) or 'any'}{', in tests too' if detector.in_tests else ''}",
        f"severity: {detector.severity}; confidence: {_confidence(detector)}",
        f"looks with: {'; '.join(ways)}",
        f"weakness: {detector.category or 'none of its own'}",
        f"fix without a model: {f'`{detector.codemod}`' if detector.codemod else 'no'}",
        f'off: `hunt.off = ["{detector.id}"]`, or on a line `factory: ignore[{detector.id}]` in a comment',
    ]
    why = textwrap.fill(detector.why, 150, break_long_words=False, break_on_hyphens=False)
    return f"### {detector.id}\n\n{detector.title}. {why}\n\n" + "\n".join(f"- {fact}" for fact in facts) + "\n"
