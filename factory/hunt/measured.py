"""How often each detector was right where nobody had tuned it for the repository: what its claims are multiplied by.

The labels are benchmarks/data/hunt_{unseen,fresh,last,apps}.toml; each set was judged before anything was mended for
it, and docs/benchmarks.md has the tables. Three detectors are not here: credentials, commands and SQL were written anew
after these sets and report by the evidence of each finding.
"""

from collections.abc import Mapping

from factory.hunt.detector import Detector

SETS = ("unseen", "fresh", "last", "apps")
ENOUGH = 10  # judged findings of a detector: before, its claims stand
JUDGED: Mapping[str, tuple[tuple[int, int], ...]] = {  # (right, judged) in each of the SETS
    "bare-except": ((5, 6), (1, 5), (5, 5), (0, 0)),
    "dead-code": ((5, 10), (1, 2), (3, 3), (1, 2)),
    "docs-contradiction": ((2, 6), (0, 6), (0, 3), (0, 0)),
    "eval-call": ((0, 1), (0, 0), (0, 0), (0, 1)),
    "flaky-test": ((8, 10), (9, 10), (2, 4), (5, 10)),
    "hardcoded-address": ((0, 3), (0, 0), (0, 0), (0, 0)),
    "hardcoded-path": ((0, 0), (0, 0), (0, 0), (0, 1)),
    "loose-equality": ((3, 10), (4, 5), (9, 10), (2, 10)),
    "missing-timeout": ((6, 10), (7, 10), (5, 10), (7, 10)),
    "mutable-default": ((0, 0), (2, 2), (4, 5), (0, 0)),
    "naive-datetime": ((3, 3), (0, 5), (0, 2), (4, 6)),
    "resource-leak": ((7, 7), (4, 4), (2, 3), (0, 0)),
    "swallowed-error": ((5, 10), (1, 10), (2, 5), (4, 10)),
    "todo-age": ((8, 10), (10, 10), (10, 10), (10, 10)),
    "untested-symbol": ((0, 6), (0, 4), (0, 0), (0, 0)),
    "unused-code": ((9, 10), (4, 7), (9, 10), (10, 10)),
    "workflow-defect": ((7, 10), (4, 10), (8, 10), (7, 10)),
}


def share(detector: str, without: str = "") -> float:
    """The share of its findings that is right, by Laplace's rule of succession; 1 when too few were judged.

    `without`: a set that is not counted, so that it can be predicted from the others.
    """
    rows = [row for name, row in zip(SETS, JUDGED.get(detector, ()), strict=False) if name != without]
    right, judged = (sum(row[n] for row in rows) for n in (0, 1))
    return (right + 1) / (judged + 2) if judged >= ENOUGH else 1.0


def calibrated(detector: Detector, claimed: float) -> float:
    """A finding's confidence, 0 to 1: what the detector claims for it, times what its claims were worth."""
    return round(claimed * min(1.0, share(detector.id) / detector.confidence), 2)
