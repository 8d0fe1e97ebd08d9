"""What measured confidence is worth: each held-out set judged with shares that were counted on the other sets only.

For each set and threshold: findings, among those judged in it, whose detector's confidence would have reached the
threshold, and how many of them were right. A finding counts with its detector's own claim, as the sets name no other.
"""

from collections.abc import Iterator

from factory.contracts.night import HuntSettings
from factory.hunt.detectors import all_detectors
from factory.hunt.measured import JUDGED, SETS, share

NOTHING = 0.0


def table() -> tuple[str, bool]:
    """As Markdown; never missed: there is no goal but to say it."""
    settings = HuntSettings()
    lines = ["| Set | as drawn | reported | becomes work |", "| --- | --- | --- | --- |"]
    steps = (NOTHING, settings.confidence, settings.sure)
    for name in SETS:
        lines.append(f"| {name} | " + " | ".join(_said(*counted(name, least)) for least in steps) + " |")
    sums = [[sum(numbers) for numbers in zip(*(counted(name, least) for name in SETS), strict=True)] for least in steps]
    lines.append("| all | " + " | ".join(_said(right, judged) for right, judged in sums) + " |")
    return "\n".join(lines), False


def counted(name: str, least: float) -> tuple[int, int]:
    """(right, judged) of one set at a threshold."""
    rows = list(_rows(name, least))
    return sum(right for right, _ in rows), sum(judged for _, judged in rows)


def _rows(name: str, least: float) -> Iterator[tuple[int, int]]:
    claims = {each.id: each.confidence for each in all_detectors()}
    for detector, sets in JUDGED.items():
        if round(min(claims[detector], share(detector, without=name)), 2) >= least:
            yield sets[SETS.index(name)]


def _said(right: int, judged: int) -> str:
    return f"{right} of {judged} ({right / max(judged, 1):.2f})"
