"""Every detector against the labelled corpus; docs, tests and corpus are held to the registry."""

from pathlib import Path

import pytest

from factory.hunt.detectors import all_detectors
from tests.hunt.corpus import CORPUS, scored

ROOT = Path(__file__).parent.parent.parent
IDS = [detector.id for detector in all_detectors()]


@pytest.mark.parametrize("name", IDS)
def test_nine_of_ten_findings_are_right(name: str) -> None:
    score = scored(name)
    print(f"{name}: precision {score.precision:.2f}, recall {score.recall:.2f}; missed {score.missed}")
    assert score.true >= 5
    assert score.false >= 5
    assert score.precision >= 0.9, score.wrong
    assert score.recall >= 0.6, score.missed


def test_each_folder_of_the_corpus_has_its_detector() -> None:
    assert sorted(path.name for path in CORPUS.iterdir()) == IDS


@pytest.mark.parametrize("name", IDS)
def test_each_detector_has_a_test_of_its_own_and_a_heading(name: str) -> None:
    assert (ROOT / "tests" / "hunt" / "detectors" / f"test_{name.replace('-', '_')}.py").is_file()
    assert f"\n### {name}\n" in (ROOT / "docs" / "hunt.md").read_text(encoding="utf-8")
