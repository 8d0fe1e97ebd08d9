"""The hunt as a whole: what is chosen, what counts, what a failing part costs."""

from dataclasses import replace
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.contracts.hunt import Hunted
from factory.contracts.night import HuntSettings
from factory.hunt.detector import Detector, Hit
from factory.hunt.detectors import all_detectors
from factory.hunt.ground import Blamed, Ground
from factory.hunt.hunt import chosen, hunt

SWALLOWS = "def send(bus, event):\n    try:\n        bus.append(event)\n    except Exception:\n        pass\n"
ALL = HuntSettings(confidence=0.1)


def ground(root: Path, files: dict[str, str]) -> Ground:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Ground(root, tuple(sorted(files)))


def test_the_registry_is_sorted_unique_and_complete() -> None:
    ids = [detector.id for detector in all_detectors()]
    assert ids == sorted(set(ids))
    assert len(ids) >= 13
    for detector in all_detectors():
        assert detector.why.endswith("."), detector.id
        assert not detector.title.endswith("."), detector.id
        assert 0 < detector.confidence <= 1


def test_findings_in_the_order_of_the_tree_with_an_account(tmp_path: Path) -> None:
    here = replace(
        ground(tmp_path, {"src/b.py": SWALLOWS, "src/a.py": SWALLOWS}), commit="c" * 40, skipped={"large": 2}
    )
    hunted = hunt(here, ALL, only=["swallowed-error"], workers=1)
    assert [(found.path, found.start) for found in hunted.findings] == [("src/a.py", 4), ("src/b.py", 4)]
    assert (hunted.commit, hunted.files, hunted.skipped) == ("c" * 40, 2, {"large": 2})
    assert hunted.detectors == ("swallowed-error",)
    assert {run.name for run in hunted.engines} >= {"ruff"}
    assert Hunted.from_json(hunted.to_json()) == hunted


def test_what_is_off_or_ignored_or_too_slight_is_not_reported(tmp_path: Path) -> None:
    here = ground(tmp_path, {"src/a.py": SWALLOWS, "old/b.py": SWALLOWS})
    only = ["swallowed-error", "todo-age"]
    ignored = hunt(here, ALL.but(ignore=("old/*",)), only=only, workers=0)
    assert [found.path for found in ignored.findings] == ["src/a.py"]
    assert ignored.skipped == {"ignored": 1}
    slight = hunt(here, ALL.but(severity="high"), only=only, workers=0)
    assert (slight.findings, slight.below) == ((), 2)
    sure = hunt(here, HuntSettings(confidence=0.99), only=only, workers=0)
    assert (sure.findings, sure.below) == ((), 2)
    off = hunt(here, HuntSettings(off=("swallowed-error",)), only=only, workers=0)
    assert off.detectors == ("todo-age",)


def test_an_unknown_id_is_said() -> None:
    with pytest.raises(UsageProblem, match=r"no detector 'no-such'.*bare-except"):
        chosen(HuntSettings(off=("no-such",)))
    with pytest.raises(UsageProblem, match="'other'"):
        chosen(HuntSettings(), ["other"])


def test_a_survey_that_fails_costs_its_detector(tmp_path: Path) -> None:
    def blame(path: str) -> dict[int, Blamed]:
        raise RecursionError(path)

    here = replace(ground(tmp_path, {"a.py": "# TODO: later\n" + SWALLOWS}), blame=blame)
    hunted = hunt(here, ALL, only=["todo-age", "swallowed-error"], workers=0)
    assert hunted.problems == ("todo-age could not look: RecursionError: a.py",)
    assert [found.rule for found in hunted.findings] == ["swallowed-error"]


def test_a_comment_hushes_and_is_counted(tmp_path: Path) -> None:
    hushed = SWALLOWS.replace("except Exception:", "except Exception:  # factory: ignore[broad-except, resource-leak]")
    here = ground(tmp_path, {"a.py": "import json\n\n\ndef f(p):\n    return json.load(open(p))"
                             "  # factory: ignore[resource-leak]\n", "b.py": hushed})  # fmt: skip
    hunted = hunt(here, HuntSettings(), only=["resource-leak"], workers=0)
    assert (hunted.findings, hunted.hushed) == ((), 1)


def test_hits_outside_the_ground_are_dropped() -> None:
    """An engine's path is data: only files that were exported can have findings."""
    from factory.hunt.hunt import _Marks

    marks = _Marks()
    detector: Detector = all_detectors()[0]
    marks.add(detector, Hit("../../etc/passwd", 1, "m"), Ground(Path("/nonexistent"), ("a.py",)))
    assert marks.hits == {}
