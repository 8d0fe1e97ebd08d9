"""Does the hunt see what people mended? At the parent of each commit of benchmarks/data/hunt_history.toml.

    python -m benchmarks.hunt_history CLONES [--only ID] [--missed] [--write]

CLONES holds <owner>+<name>/repo. The hunt is asked for the files that the commit changed, as they were before it, and
its detector must report a place within NEAR lines of what was removed or replaced. --missed names the commits of which
it reports nothing. --write puts the table into docs/benchmarks.md.
"""

import argparse
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.hunt import written
from factory.codegraph.building.sources import source_of_commit
from factory.contracts.finding import Finding
from factory.contracts.night import HuntSettings
from factory.git import run_git
from factory.hunt.export import exported
from factory.hunt.hunt import hunt
from factory.hunt.source import LANGUAGES

CASES = Path(__file__).parent / "data" / "hunt_history.toml"
NEAR = 3  # lines
DEFAULT = HuntSettings()
_FILE = re.compile(r"^--- a/(.+)$")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ")
ALSO = {"swallowed-error": ("bare-except",)}  # an error that vanishes in a bare `except:` is said as that


class Seen(NamedTuple):
    detector: str
    case: str
    sure: float | None  # the best confidence of what was found there, None = nothing was
    reported: bool


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hunt_history")
    parser.add_argument("clones", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--missed", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    cases: dict[str, list[str]] = tomllib.loads(CASES.read_text(encoding="utf-8"))
    seen = [_seen(asked.clones, name, case) for name in cases if asked.only in ("", name) for case in cases[name]]
    text = table(seen)
    print(text)
    for each in seen:
        if asked.missed and not each.reported:
            print(f"{each.detector}: {each.case}: {'nothing' if each.sure is None else f'{each.sure:.2f} sure'}")
    if asked.write:
        written("history", text)
    return 0


def table(seen: list[Seen]) -> str:
    lines = ["| Detector | Mended by people | Reported | Recall | Seen, below the default confidence |",
             "| --- | --- | --- | --- | --- |"]  # fmt: skip
    names = [*dict.fromkeys(each.detector for each in seen), ""]
    for name in names:
        mine = [each for each in seen if name in ("", each.detector)]
        found = sum(each.reported for each in mine)
        below = sum(each.sure is not None and not each.reported for each in mine)
        lines.append(f"| {name or 'all together'} | {len(mine)} | {found} | {found / len(mine):.2f} | {below} |")
    return "\n".join(lines)


def _seen(clones: Path, detector: str, case: str) -> Seen:
    name, commit = case.split()
    repo = clones / name.replace("/", "+") / "repo"
    changed = dict(_changed(repo, commit))
    wanted = (detector, *ALSO.get(detector, ()))
    near = [each for each in _found(repo, f"{commit}^", tuple(changed), wanted)
            if any(start - NEAR <= each.start <= end + NEAR for start, end in changed[each.path])]  # fmt: skip
    return Seen(detector, case, max((each.confidence for each in near), default=None), any(map(_counts, near)))


def _counts(found: Finding) -> bool:
    return found.confidence >= DEFAULT.confidence and found.severity != "info"


def _changed(repo: Path, commit: str) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """By path, the lines of the parent's file that were removed, or beside which lines were added."""
    raw = run_git(repo, "-c", "core.quotePath=false", "show", "--format=", "-U0", "--no-renames", "-m",
                  "--first-parent", commit)  # fmt: skip
    spots: list[tuple[int, int]] = []
    for line in raw.decode(errors="replace").splitlines():
        if file := _FILE.match(line):
            spots = []
            if Path(file[1]).suffix in LANGUAGES:
                yield file[1], spots
        elif hunk := _HUNK.match(line):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            spots.append((start, start + max(count, 1) - 1))


def _found(repo: Path, ref: str, paths: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[Finding, ...]:
    source = source_of_commit(repo, ref)
    source = replace(source, entries={path: source.entries[path] for path in paths if path in source.entries})
    with tempfile.TemporaryDirectory(prefix="factory-bench-") as folder:
        ground = exported(source, Path(folder))
        return hunt(ground, DEFAULT.but(severity="info", confidence=0.0), only=wanted, workers=1).findings


if __name__ == "__main__":
    sys.exit(main())
