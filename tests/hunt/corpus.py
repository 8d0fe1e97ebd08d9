"""The labelled corpus of the hunt: tests/data/hunt/<detector>/<true|false>-<slug>, a file or a folder each.

In a true case each expected line ends with a comment HIT, in a false one nothing may be found. The marks are taken out
before anything looks, so that no detector can see them. A first line `at: PATH` in a comment says where the file lies
in its repository (else src/<slug>). Lines whose comment ends in YOUNG were written lately, all others years ago.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from factory.codegraph.building.build import view_of
from factory.codegraph.building.sources import Place, TreeSource
from factory.codegraph.store.store import GraphStore
from factory.codegraph.view import View
from factory.contracts.night import HuntSettings
from factory.hunt.detectors import all_detectors
from factory.hunt.ground import Blamed, Ground
from factory.hunt.hunt import hunt
from factory.hunt.measured import calibrated

CORPUS = Path(__file__).parent.parent / "data" / "hunt"
SETTINGS = HuntSettings(advisories=str(CORPUS.parent / "osv"))
NOW, OLD, YOUNG = "2026-01-01T00:00:00+00:00", "2021-01-01T00:00:00+00:00", "2025-12-01T00:00:00+00:00"
_MARK = re.compile(r"[ \t]*(?:#|//|--|;|/\*|\{/\*|<!--)[ \t]*(HIT|YOUNG)[ \t]*(?:\*/\}?|-->)?[ \t]*$")
_AT = re.compile(r"^(?:#|//|<!--|/\*)?\s*at: (\S+)")
Line = tuple[str, int]  # path and line


class Score(NamedTuple):
    """How well one detector did: of what was to be found, and of what it found."""

    true: int  # cases
    false: int
    expected: frozenset[Line]
    found: frozenset[Line]

    @property
    def precision(self) -> float:
        return len(self.found & self.expected) / len(self.found) if self.found else 1.0

    @property
    def recall(self) -> float:
        return len(self.found & self.expected) / len(self.expected) if self.expected else 1.0

    @property
    def wrong(self) -> list[Line]:
        return sorted(self.found - self.expected)

    @property
    def missed(self) -> list[Line]:
        return sorted(self.expected - self.found)


class _Built(NamedTuple):
    ground: Ground
    expected: set[Line]


def scored(detector: str) -> Score:
    """All its cases. Single files share a tree, folders have their own.

    At the settings' own thresholds, whatever its claims were worth elsewhere; a detector that these keep quiet
    altogether is asked at its own confidence.
    """
    (asked,) = (each for each in all_detectors() if each.id == detector)
    settings = SETTINGS.but(confidence=min(calibrated(asked, SETTINGS.confidence), calibrated(asked, asked.confidence)))
    cases = sorted((CORPUS / detector).iterdir())
    true = sum(case.name.startswith("true-") for case in cases)
    expected: set[Line] = set()
    found: set[Line] = set()
    for number, group in enumerate(_groups(cases)):
        with tempfile.TemporaryDirectory(prefix="hunt-corpus-") as folder:
            built = _built(Path(folder), group)
            hunted = hunt(built.ground, settings, only=(detector,), workers=0)
        assert not hunted.problems, hunted.problems
        assert not [run.problem for run in hunted.engines if run.problem], hunted.engines
        expected |= {(f"{number}/{path}", line) for path, line in built.expected}
        found |= {(f"{number}/{each.path}", each.start) for each in hunted.findings}
    return Score(true, len(cases) - true, frozenset(expected), frozenset(found))


def _groups(cases: list[Path]) -> Iterator[list[Path]]:
    files = [case for case in cases if case.is_file()]
    if files:
        yield files
    yield from ([case] for case in cases if case.is_dir())


def _built(root: Path, cases: list[Path]) -> _Built:
    expected: set[Line] = set()
    young: set[Line] = set()
    paths = []
    for path, text in _files(cases):
        clean, marks = _unmarked(text)
        expected |= {(path, line) for line, mark in marks if mark == "HIT"}
        young |= {(path, line) for line, mark in marks if mark == "YOUNG"}
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        assert not file.exists(), f"two cases lie at {path}"
        file.write_text(clean, encoding="utf-8")
        paths.append(path)

    def blame(path: str) -> dict[int, Blamed]:
        count = len((root / path).read_text(encoding="utf-8").splitlines())
        return {line: Blamed("0" * 40, YOUNG if (path, line) in young else OLD) for line in range(1, count + 1)}

    ground = Ground(root, tuple(sorted(paths)), view=lambda: _view(root, paths))
    return _Built(replace(ground, blame=blame, when=NOW), expected)


def _view(root: Path, paths: list[str]) -> View:
    """The code graph of these files, without a history."""
    given = {path: (root / path).read_bytes() for path in sorted(paths)}
    oids = {path: hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() for path, data in given.items()}
    entries = {path: Place("100644", oid) for path, oid in oids.items()}
    tree = TreeSource(entries, root, given={oids[path]: data for path, data in given.items()})
    return view_of(GraphStore(Path(tempfile.mkdtemp(prefix="graph-", dir=root)) / "graph"), tree, workers=1)[0]


def _files(cases: list[Path]) -> Iterator[tuple[str, str]]:
    for case in cases:
        if case.is_dir():
            for file in sorted(each for each in case.rglob("*") if each.is_file()):
                yield file.relative_to(case).as_posix(), file.read_text(encoding="utf-8")
            continue
        text = case.read_text(encoding="utf-8")
        at = _AT.match(text)
        expects = re.search(r"\bHIT\b[\s*/}>-]*$", text, re.M) is not None
        assert expects == case.name.startswith("true-"), f"{case.name}: true cases have a HIT, false ones have none"
        yield at[1] if at else f"src/{case.name.replace('-', '_')}", text


def _unmarked(text: str) -> tuple[str, list[tuple[int, str]]]:
    lines, marks = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        match = _MARK.search(line)
        if match:
            marks.append((number, match[1]))
        lines.append(line[: match.start()] if match else line)
    return "\n".join(lines), marks
