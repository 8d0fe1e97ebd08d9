"""A finding's confidence is worth what its detector's claims were worth where nobody had tuned for them."""

import tomllib
from pathlib import Path

import pytest

from benchmarks.hunt_worth import counted
from factory.contracts.night import HuntSettings
from factory.hunt.detectors import all_detectors
from factory.hunt.measured import JUDGED, SETS, calibrated, share

DATA = Path(__file__).parents[2] / "benchmarks" / "data"
BY_ID = {each.id: each for each in all_detectors()}


def test_the_counts_are_those_of_the_labels() -> None:
    """Judged and right, in all: the detectors that report by evidence are left out, so each is at most that."""
    assert set(JUDGED) <= set(BY_ID)
    for column, name in enumerate(SETS):
        rows = tomllib.loads((DATA / f"hunt_{name}.toml").read_text())["repository"]
        labels = [each for row in rows for each in row.get("labels", {}).values()]
        right, judged = (sum(sets[column][n] for sets in JUDGED.values()) for n in (0, 1))
        assert 0.7 * len(labels) <= judged <= len(labels)
        assert right <= sum(labels)
        assert judged - right <= labels.count(False)


@pytest.mark.parametrize("name", sorted(JUDGED))
def test_a_finding_claims_no_more_than_was_right(name: str) -> None:
    detector = BY_ID[name]
    assert calibrated(detector, detector.confidence) == pytest.approx(min(detector.confidence, share(name)), abs=0.006)
    assert calibrated(detector, 0.2) <= 0.2


def test_of_too_few_nothing_follows_and_a_set_can_be_left_out() -> None:
    assert share("hardcoded-path") == share("pinned-advisory") == 1
    assert calibrated(BY_ID["hardcoded-path"], 0.85) == 0.85
    assert share("todo-age") == 39 / 42
    assert share("todo-age", without="unseen") == 31 / 32


def test_what_is_mostly_wrong_is_not_reported_by_default_and_what_becomes_work_is_mostly_right() -> None:
    settings = HuntSettings()
    worth = {name: calibrated(BY_ID[name], BY_ID[name].confidence) for name in JUDGED}
    assert worth["swallowed-error"] < settings.confidence
    as_drawn, shown, works = (
        [sum(numbers) for numbers in zip(*(counted(name, least) for name in SETS), strict=True)]
        for least in (0, settings.confidence, settings.sure)
    )
    assert as_drawn[0] / as_drawn[1] < shown[0] / shown[1] < works[0] / works[1]
    assert works[0] / works[1] >= 0.8
