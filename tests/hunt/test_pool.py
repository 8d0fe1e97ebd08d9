"""Files in worker processes: what a file does to one costs that file."""

from pathlib import Path

from factory.hunt.detector import Detector, Hit
from factory.hunt.detectors import all_detectors
from factory.hunt.ground import Ground
from factory.hunt.pool import looked_at

RULES = {detector.id: detector for detector in all_detectors()}
SWALLOWED = [RULES["broad-except"], RULES["resource-leak"]]
LEAK = "import json\n\n\ndef load(path):\n    return json.load(open(path))\n"
SLOW = LEAK * 8_000  # seconds


def ground(tmp_path: Path, **files: str) -> Ground:
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    return Ground(tmp_path, tuple(sorted(f"{name}.py" for name in files)))


def test_every_file_is_looked_at_once_by_several_processes(tmp_path: Path) -> None:
    here = ground(tmp_path, **{f"file{number}": LEAK for number in range(40)})
    found = looked_at(here, SWALLOWED, {}, workers=3)
    assert sorted(each.path for each in found.findings) == list(here.paths)
    assert found.failed == []
    assert len({each.id for each in found.findings}) == 40


def test_processes_and_this_one_find_the_same(tmp_path: Path) -> None:
    here = ground(tmp_path, a=LEAK, b="x = 1\n", c=LEAK * 2)
    apart = sorted(looked_at(here, SWALLOWED, {}, workers=1).findings, key=lambda found: (found.path, found.start))
    assert apart == looked_at(here, SWALLOWED, {}, workers=0).findings


def test_a_file_that_takes_too_long_costs_itself(tmp_path: Path) -> None:
    here = ground(tmp_path, a=LEAK, b=SLOW, c=LEAK)
    found = looked_at(here, SWALLOWED, {}, workers=1, seconds=0.3)
    assert found.failed == ["b.py"]
    assert [each.path for each in found.findings] == ["a.py", "c.py"]


def test_many_files_in_a_row_that_end_their_process_do_not_end_the_hunt(tmp_path: Path) -> None:
    here = ground(tmp_path, **{f"a{number:02}": SLOW for number in range(11)}, z=LEAK)
    found = looked_at(here, SWALLOWED, {}, workers=1, seconds=0.2)
    assert len(found.failed) == 11
    assert [each.path for each in found.findings] == ["z.py"]


def test_a_file_that_is_gone_costs_itself(tmp_path: Path) -> None:
    here = ground(tmp_path, a=LEAK, b=LEAK)
    (tmp_path / "a.py").unlink()
    found = looked_at(here, SWALLOWED, {}, workers=1)
    assert (found.failed, len(found.findings)) == (["a.py"], 1)


def test_nesting_that_ends_parsers_is_no_crash(tmp_path: Path) -> None:
    here = ground(tmp_path, a=LEAK, deep="(" * 50_000 + ")" * 50_000, minus="-" * 200_000 + "1")
    found = looked_at(here, SWALLOWED, {}, workers=1)
    assert [each.path for each in found.findings] == ["a.py"]


def test_hits_of_engines_go_through_keep_and_surveys_do_not(tmp_path: Path) -> None:
    here = ground(tmp_path, a="try:\n    x = 1\nexcept:\n    raise\n")
    bare = RULES["bare-except"]
    given = {"a.py": [(bare, Hit("a.py", 3, "from ruff", code="E722"))]}
    assert looked_at(here, [bare], given, workers=1).findings == []
    given = {"a.py": [(bare, Hit("a.py", 3, "from a survey"))]}
    assert len(looked_at(here, [bare], given, workers=1).findings) == 1


def test_tests_are_left_out_unless_the_detector_wants_them(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(LEAK)
    here = Ground(tmp_path, ("tests/test_a.py",))
    always = Detector(**{**vars(RULES["resource-leak"]), "in_tests": True})
    assert looked_at(here, [RULES["resource-leak"]], {}, workers=0).findings == []
    assert len(looked_at(here, [always], {}, workers=0).findings) == 1
