"""A file with four times the hits costs about four times the work: what is counted is lines of ours that run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import factory.hunt.hunt
from factory.hunt.detector import Detector, Hit
from factory.hunt.detectors import all_detectors
from factory.hunt.source import Source
from factory.hunt.worker import looked

OURS = str(Path(factory.hunt.hunt.__file__).parent)
KNOWN = {detector.id: detector for detector in all_detectors()}
FEW, TIMES = 60, 4


class Count:
    lines = 0


@contextmanager
def counted() -> Iterator[Count]:
    count = Count()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        count.lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield count
    finally:
        sys.settrace(before)


def work(detector: str, name: str, head: str, unit: str, times: int, code: str = "", line: int = 0) -> tuple[int, int]:
    """(lines of ours that ran, findings). `unit` is repeated beneath `head`; each has an engine's hit in its `line`."""
    units = [unit.replace("@", f"{number:04}") for number in range(times)]
    source = Source(name, (head + "".join(units)).encode())
    height, above = unit.count("\n"), head.count("\n")
    hits: list[tuple[Detector, Hit]] = [
        (KNOWN[detector], Hit(name, above + height * number + line, f"`v{number:04}` it is", code=code,
                              quoted=f"v{number:04}" if code.startswith("unused") else "", confidence=1.0))
        for number in range(times if code else 0)
    ]  # fmt: skip
    with counted() as count:
        answer = looked(source, [KNOWN[detector]], hits)
    return count.lines, len(answer["findings"])


ENGINES = [
    ("bare-except", "E722", 3, "", "try:\n    go()\nexcept:\n    n = 0\n"),
    ("swallowed-error", "S110", 3, "", "try:\n    x@ = go()\nexcept Exception:\n    pass\nuse(x@)\n"),
    ("mutable-default", "B006", 1, "", "def f@(a=[]):\n    a.append(1)\n"),
    ("unused-code", "F401", 1, "", "import v@\n"),
    ("unused-code", "F841", 1, "def f():\n", "    v@ = 1\n"),
    ("unused-code", "unused-variable", 1, "", "def _f@(v@):\n    return go()\n_f@(1)\n"),
    ("unused-code", "unreachable", 3, "", "def f@():\n    return 1\n    go()\n"),
]
OWN = [
    ("broad-except", "", "def f@():\n    try:\n        go()\n    except Exception:\n        return 0\n"),
    ("shell-command", "import os\n", "name@ = go()\nos.system('ls ' + name@)\n"),
    ("sql-string", "", "who@ = go()\nrun(f\"SELECT a FROM b WHERE c = '{who@}'\")\n"),
    ("missing-timeout", "import requests\n", "requests.get(go())\n"),
    ("resource-leak", "def f():\n", "    v@ = open('a')\n    v@.read()\n"),
    ("naive-datetime", "import datetime\n", "n@ = str(datetime.datetime.utcnow())\n"),
    ("hardcoded-address", "", "go('http://10.1.2.3/@')\n"),
    ("hardcoded-credential", "", "password = 'qK7-vd@-Zp'\n"),
]


@pytest.mark.parametrize(("detector", "code", "line", "head", "unit"), ENGINES)
def test_hits_of_engines(detector: str, code: str, line: int, head: str, unit: str) -> None:
    few, found = work(detector, "a.py", head, unit, FEW, code, line)
    many, more = work(detector, "a.py", head, unit, FEW * TIMES, code, line)
    assert (found, more) == (FEW, FEW * TIMES)
    assert many < few * (TIMES + 1)


@pytest.mark.parametrize(("detector", "head", "unit"), OWN)
def test_what_is_looked_for_by_ourselves(detector: str, head: str, unit: str) -> None:
    few, found = work(detector, "a.py", head, unit, FEW)
    many, more = work(detector, "a.py", head, unit, FEW * TIMES)
    assert (found, more) == (FEW, FEW * TIMES)
    assert many < few * (TIMES + 1)
