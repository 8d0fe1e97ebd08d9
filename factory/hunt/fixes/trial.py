"""Which findings a codemod mends, tried in a process of its own: `factory.hunt.fixes.trial`.

libcst's parser has no bound of its own: a text of strangers can end the process that reads it, or keep it for hours.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from factory.contracts.finding import Finding
from factory.hunt.engines.process import EngineProblem, run
from factory.hunt.fixes import mended
from factory.hunt.themes import Tried, changed, exact

MEMORY, OUTPUT = 4 << 30, 4 << 20
SECONDS = 120.0  # for all of them; the files of a tree that ends it are tried in halves
FAILURES = 6  # before no more is tried


def tried(root: Path, wanted: Sequence[Tried], scratch: Path) -> dict[str, int]:
    """Changed lines by finding id, of those that are mended. What ends the process is found by halving and left out.

    `scratch`: a folder of ours.
    """
    left, failed = [list(wanted)], 0
    found: dict[str, int] = {}
    while left and failed < FAILURES:
        some = left.pop()
        try:
            found.update(_run(root, some, scratch))
        except EngineProblem:
            failed += 1
            middle = len({each.finding.path for each in some}) // 2
            paths = sorted({each.finding.path for each in some})[:middle]
            halves = ([each for each in some if (each.finding.path in paths) is first] for first in (False, True))
            left += [half for half in halves if half and middle]
    return found


def _run(root: Path, some: Sequence[Tried], scratch: Path) -> Mapping[str, int]:
    asked = scratch / "asked.json"
    rows = [[each.codemod, each.finding.model_dump(mode="json")] for each in some]
    asked.write_text(json.dumps([str(root), rows]), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "factory.hunt.fixes.trial", str(asked)]
    done = run(command, scratch, seconds=SECONDS, memory=MEMORY, output=OUTPUT)
    try:
        return {str(name): int(lines) for name, lines in json.loads(done.text).items()}
    except (ValueError, AttributeError):
        raise EngineProblem("Trying the fixes gave nothing.") from None


def main() -> int:
    root, rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = {}
    for codemod, row in rows:
        item = Finding.model_validate(row)
        before = exact((Path(root) / item.path).read_bytes())
        after = mended(before, item, codemod) if before is not None else None
        if before is not None and after is not None:
            found[item.id] = changed(before, after)
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
