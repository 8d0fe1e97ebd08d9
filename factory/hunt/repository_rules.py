"""The repository's own rules: ast-grep YAML in a folder of the tree that is hunted in.

Strangers may have written them, so they run apart from ours, capped in number, size and time; they can quote code of
this tree and nothing else. A file that is no rule is left out with a notice.
"""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from factory.contracts.finding import Severity
from factory.hunt.detector import Hit
from factory.hunt.engines import astgrep
from factory.hunt.engines.process import EngineProblem
from factory.hunt.ground import LOCKS, Ground

MOST_FILES, MOST_BYTES, MOST_HITS = 30, 64 << 10, 1000
SECONDS = 30.0  # of one batch of files
_CAPPED: dict[Severity | None, Severity] = {"high": "medium", "medium": "medium", "low": "low", "info": "info"}


def hits(ground: Ground) -> Iterator[Hit]:
    rules = _rules(ground)
    if not rules:
        return
    with tempfile.TemporaryDirectory(prefix="rules-") as name:
        folder = Path(name)
        (folder / "nothing").mkdir()
        good = {path: text for path, text in rules.items() if _is_rule(ground, folder, path, text)}
        if good:
            yield from islice(_found(ground, folder / "all", good), MOST_HITS)


def _rules(ground: Ground) -> dict[str, str]:
    """By path in the tree."""
    folder = ground.settings.rules.strip("/") + "/"
    paths = [path for path in ground.paths if path.startswith(folder) and path.endswith((".yml", ".yaml"))]
    if len(paths) > MOST_FILES:
        ground.notices.append(f"{folder} holds {len(paths)} files of rules: the first {MOST_FILES} count.")
    found = {}
    for path in paths[:MOST_FILES]:
        source = ground.source(path)
        if len(source.data) > MOST_BYTES:
            ground.notices.append(f"The rules in {path} are longer than {MOST_BYTES >> 10} KiB: left out.")
        else:
            found[path] = source.text
    return found


def _is_rule(ground: Ground, folder: Path, path: str, text: str) -> bool:
    """Whether ast-grep takes it, tried on nothing at all."""
    apart = folder / f"try-{len(list(folder.iterdir()))}"
    apart.mkdir()
    astgrep.place(apart, {"rule.yml": text})
    try:
        astgrep.check(apart, folder / "nothing")
    except EngineProblem as problem:
        ground.notices.append(f"The rules in {path} are left out: {_short(str(problem))}")
        return False
    return True


def _found(ground: Ground, folder: Path, rules: dict[str, str]) -> Iterator[Hit]:
    """All at once; when two of them do not go together (two rules of one name), one file after the other."""
    folder.mkdir()
    astgrep.place(folder, {f"{number}.yml": text for number, text in enumerate(rules.values())})
    paths = [path for path in ground.paths if path.rpartition("/")[2] not in LOCKS]
    try:
        yield from map(_shown, astgrep.scan(ground, folder, paths, seconds=SECONDS, failures=0))
        return
    except EngineProblem as problem:
        if len(rules) == 1:
            ground.notices.append(f"The rules in {next(iter(rules))} found nothing: {_short(str(problem))}")
            return
    for number, (path, text) in enumerate(rules.items()):
        yield from _found(ground, folder.parent / f"one-{number}", {path: text})


def _shown(hit: Hit) -> Hit:
    """The engine's rule becomes words: it is no code of ours."""
    message = f"{_short(hit.code, 60)}: {_short(hit.message)}"
    return replace(hit, message=message, quoted="", severity=_CAPPED.get(hit.severity, "low"), code="")


def _short(text: str, most: int = 200) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:most]
