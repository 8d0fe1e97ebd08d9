"""The detectors' part of docs/hunt.md: one heading each, from their own constants."""

import textwrap

from factory.hunt.detector import Detector
from factory.hunt.detectors import all_detectors

DEFAULT = 0.6  # the lowest confidence that is reported


def detectors() -> str:
    """docs/hunt.md: what each detector looks for, why, and how it is switched off."""
    return "\n".join(map(_section, all_detectors()))


def _section(detector: Detector) -> str:
    ways = [f"{engine}: {', '.join(f'`{code}`' for code in codes)}" for engine, codes in detector.codes.items()]
    ways += ["own code, file by file"] if detector.look else []
    ways += ["own code, over the whole tree"] if detector.survey else []
    facts = [
        f"languages: {', '.join(detector.languages) or 'any'}{', in tests too' if detector.in_tests else ''}",
        f"severity: {detector.severity}; confidence: {detector.confidence:g}"
        + (" (below the default: reported only with a lower `confidence`)" if detector.confidence < DEFAULT else ""),
        f"looks with: {'; '.join(ways)}",
        f"weakness: {detector.category or 'none of its own'}",
        f"fix without a model: {f'`{detector.codemod}`' if detector.codemod else 'no'}",
        f'off: `hunt.off = ["{detector.id}"]`, or on a line `factory: ignore[{detector.id}]` in a comment',
    ]
    why = textwrap.fill(detector.why, 150, break_long_words=False, break_on_hyphens=False)
    return f"### {detector.id}\n\n{detector.title}. {why}\n\n" + "\n".join(f"- {fact}" for fact in facts) + "\n"
