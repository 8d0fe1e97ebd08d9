"""ast-grep: our rules for JavaScript and TypeScript, and rules that a tree brings.

A rule is written once, for Tsx: it reads JavaScript as it is, and TypeScript through a twin that is made here, because
`<T>value` is a cast in one grammar and an element in the other. The tree's own sgconfig.yml is not read.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from factory.contracts.finding import Severity
from factory.hunt.detector import Hit
from factory.hunt.engines.process import EngineProblem, TooMuch, program, run
from factory.hunt.ground import Ground
from factory.hunt.source import SCRIPT, Source

RULES = Path(__file__).parent.parent / "rules"
SECONDS, MEMORY, OUTPUT = 60.0, 4 << 30, 64 << 20  # of one batch
MOST_BYTES, MOST_NAMES = 2 << 20, 90_000  # of one batch: what is in the files, and their names
LONGEST_LINE = 2_000  # each hit quotes its line, and what has longer ones was not written by hand
MOST_FAILURES = 40  # of batches, before the engine is given up: to find one file among thousands takes a dozen
_CONFIG = "ruleDirs: [rules]\n"
_TSX_READS = 'languageGlobs:\n  Tsx: ["*.js", "*.jsx", "*.mjs", "*.cjs"]\n'
_SEVERE: dict[str, Severity] = {"error": "high", "warning": "medium", "info": "low"}  # our own rules say nothing
_TWIN = ".ts"
_BUILT = re.compile(r"(^|/)dist/")  # what a release is made of lies in many trees
_OF_TESTS = "js-test-"  # rules that look at tests only
_ID = re.compile(r"^id: (\S+)$", re.MULTILINE)
_TSX = re.compile(r"^language: Tsx$", re.MULTILINE)


def version() -> str:
    return run([program("ast-grep"), "--version"], Path("/")).text.strip().removeprefix("ast-grep ")


def look(ground: Ground, codes: Sequence[str]) -> list[Hit]:
    """Raises EngineProblem."""
    with tempfile.TemporaryDirectory(prefix="ast-grep-") as name:
        folder = Path(name)
        place(folder, {each.name: each.read_text(encoding="utf-8") for each in sorted(RULES.glob("*.yml"))}, twins=True)
        of_tests = [code for code in codes if code.startswith(_OF_TESTS)]
        rest = [code for code in codes if not code.startswith(_OF_TESTS)]
        found = list(scan(ground, folder, scripts(ground, tests=False), _only(rest))) if rest else []
        return found + list(scan(ground, folder, scripts(ground, tests=True), _only(of_tests))) if of_tests else found


def _only(codes: Sequence[str]) -> str:
    return f"--filter=^({'|'.join(map(re.escape, codes))})({re.escape(_TWIN)})?$"


def place(folder: Path, rules: dict[str, str], *, twins: bool = False) -> None:
    """A configuration of our own in `folder`: rule files by name, which must be ours. `twins`: they are for Tsx."""
    (folder / "rules").mkdir()
    (folder / "sgconfig.yml").write_text(_CONFIG + (_TSX_READS if twins else ""), encoding="utf-8")
    for name, text in rules.items():
        (folder / "rules" / name).write_text(text, encoding="utf-8")
        if twins:
            twin = _TSX.sub("language: TypeScript", _ID.sub(rf"id: \g<1>{_TWIN}", text))
            (folder / "rules" / f"twin-{name}").write_text(twin, encoding="utf-8")


def scripts(ground: Ground, *, tests: bool) -> list[str]:
    """Most rules do not count in tests, and tests are half of a tree."""
    found = (Source(path, b"") for path in ground.paths if not _BUILT.search(path))
    return [source.path for source in found if source.language in SCRIPT and source.is_test == tests]


def check(folder: Path, nothing: Path) -> None:
    """Whether ast-grep takes the rules placed in `folder`; `nothing` is an empty folder. Raises EngineProblem."""
    command = [program("ast-grep"), "scan", f"--config={folder / 'sgconfig.yml'}", "--json=stream", "--", "."]
    done = run(command, nothing, seconds=10.0, memory=MEMORY, output=1 << 20)
    if done.status:
        raise EngineProblem(done.said or f"exit code {done.status}")


def scan(
    ground: Ground, folder: Path, paths: Sequence[str], *options: str,
    seconds: float = SECONDS, failures: int = MOST_FAILURES, output: int = OUTPUT,
) -> Iterator[Hit]:  # fmt: skip
    """What the rules placed in `folder` find in these files. A file that stops ast-grep is left out, up to `failures`,
    and named in the ground's notices; of one with too many hits the first count. Raises EngineProblem.
    """
    left = list(_batches(ground, paths))
    failed = worked = 0
    while left:
        batch = left.pop()
        try:
            yield from _scanned(ground.root, folder, batch, options, seconds, output)
            worked += 1
        except EngineProblem as problem:
            failed += 1
            if len(batch) == 1 and isinstance(problem, TooMuch):
                ground.notices.append(f"ast-grep has too many hits in {batch[0]}: only the first are looked at.")
                yield from _hits(problem.text)
                worked += 1
                continue
            if failed > failures or not (left or worked or len(batch) > 1):
                raise
            if len(batch) == 1:
                ground.notices.append(f"ast-grep did not get through {batch[0]}.")
            middle = len(batch) // 2
            left += [half for half in (batch[:middle], batch[middle:]) if 0 < len(half) < len(batch)]


def _batches(ground: Ground, paths: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = names = 0
    for path in paths:
        data = (ground.root / path).read_bytes()
        if max(map(len, data.split(b"\n"))) > LONGEST_LINE:
            continue
        batch.append(path)
        size, names = size + len(data), names + len(path) + 3
        if size > MOST_BYTES or names > MOST_NAMES:
            yield batch
            batch, size, names = [], 0, 0
    if batch:
        yield batch


def _scanned(
    root: Path, folder: Path, batch: Sequence[str], options: Sequence[str], seconds: float, output: int
) -> list[Hit]:
    command = [
        program("ast-grep"), "scan", f"--config={folder / 'sgconfig.yml'}", "--json=stream", "--threads=2", *options,
        "--", *(f"./{path}" for path in batch),
    ]  # fmt: skip
    done = run(command, root, seconds=seconds, memory=MEMORY, output=output)
    if done.status not in (0, 1):  # 1: a rule of severity "error" found something, or it gave up
        raise EngineProblem(f"ast-grep gave up: {done.said or f'exit code {done.status}'}")
    if done.status and not done.text:
        raise EngineProblem(f"ast-grep gave up: {done.said}")
    return _hits(done.text)


def _hits(text: str) -> list[Hit]:
    try:
        return [_hit(json.loads(line)) for line in text.split("\n") if line]
    except (ValueError, KeyError, TypeError) as error:
        raise EngineProblem(f"ast-grep's output is not what it was: {type(error).__name__}.") from None


def _hit(row: dict[str, Any]) -> Hit:
    start, end = row["range"]["start"]["line"] + 1, row["range"]["end"]["line"] + 1
    path = str(row["file"]).removeprefix("./")
    code = str(row["ruleId"]).removesuffix(_TWIN)
    return Hit(path, start, str(row["message"]) or code, end, quoted=str(row["text"])[:2000], code=code,
               severity=_SEVERE.get(row["severity"]))  # fmt: skip
