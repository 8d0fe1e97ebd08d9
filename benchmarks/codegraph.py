"""The code graph on Django 5.2's source archive, beside aider's repository map, in one run on one machine.

    python -m benchmarks.codegraph [--quick] [--without-aider] [--write]

The archive comes from the package index into the cache folder, once; each run unpacks it and commits it to a fresh
repository, packed as a clone's is. Each build and each of aider's maps is a process of its own. Growth is measured on
copies of Django's Python files in which every name with a capital or an underscore is another one in each copy. Memory
is what all processes of a build have resident together, looked at every 20 ms. The goals in seconds were set on a
machine where aider's map took THERE: rows "of aider's" are shares of its time in this very run, whatever else the
machine does. --write puts the table into docs/benchmarks.md. Ends with 1 when a goal is missed.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.repository import committed
from benchmarks.table import HEAD, Row, line, machine, spread
from factory.places import cache_folder
from scripts.real_clients import command_of

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
FROM, TO = "<!-- measured: python -m benchmarks.codegraph -->\n", "<!-- end: codegraph -->\n"
CHANGED = "django/db/models/query.py"
COPIES = (1, 3, 7)  # of 2,818 files
THERE = (18.0, 2.8)  # seconds of aider's map, cold and warm, on the machine that the goals in seconds were set on
LINEAR = 1.25  # times the seconds for a file in the smallest
ISSUES = (
    "QuerySet.bulk_create() crashes with a field that has a database default",
    "Admin changelist search raises FieldError on a reverse foreign key",
    "Sitemap lastmod is wrong when some items have no date",
    "Template filter floatformat rounds Decimal values twice",
    "runserver does not reload when a translation file changes",
    "CSRF cookie is rotated on every login although the session is kept",
)


class Size(NamedTuple):
    cold: int
    changed: int
    copies: Sequence[int]


FULL, QUICK = Size(3, 7, COPIES), Size(1, 2, ())


def archive() -> Path:
    folder = cache_folder() / "benchmarks"
    path = folder / "Django-5.2.tar.gz"
    if not path.exists():
        uvx = ["uv", "tool", "run", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "django==5.2"]
        with tempfile.TemporaryDirectory() as place:
            subprocess.run([*uvx, "--dest", place], check=True, timeout=600)
            folder.mkdir(parents=True, exist_ok=True)
            shutil.move(next(Path(place).glob("*.tar.gz")), path)
    return path


def django(folder: Path) -> Path:
    with tarfile.open(archive()) as packed:
        packed.extractall(folder, filter="data")
    return committed(next(folder.iterdir()))


def copies(repo: Path, folder: Path, number: int) -> Path:
    for copy in range(number):
        for path in repo.rglob("*.py"):
            place = folder / f"copy{copy}" / path.relative_to(repo)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(renamed(path.read_bytes(), copy))
    return committed(folder)


def renamed(data: bytes, copy: int) -> bytes:
    """Every name with a capital or an underscore inside becomes another; the syntax stays as it is."""
    suffix = b"V%d" % copy if copy else b""
    return re.sub(rb"\b(?!True\b|False\b|None\b|__)(\w+_\w+|\w*[A-Z]\w+)\b", rb"\g<1>" + suffix, data)


class Measured(NamedTuple):
    said: dict[str, Any]
    peak_mb: float


def ours(store: Path, repo: Path, issues: Sequence[str] = ()) -> Measured:
    words = [sys.executable, "-m", "benchmarks.codegraph_ours", str(store), str(repo), *issues]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        peak = Peak(process.pid)
        peak.start()
        said, _ = process.communicate()
        peak.join()
    assert process.returncode == 0
    return Measured(json.loads(said), peak.most / 1e6)


class Peak(threading.Thread):
    """Resident bytes of a process and all below it, at most."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.most = 0

    def run(self) -> None:
        while now := sum(resident(pid) for pid in family(self.pid)):
            self.most = max(self.most, now)
            time.sleep(0.02)


def family(pid: int) -> Iterator[int]:
    yield pid
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return
    for child in " ".join(lists).split():
        yield from family(int(child))


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):
        return 0


def aider(repo: Path, kept: bool, issues: Sequence[str]) -> dict[str, Any]:
    python = command_of("aider").parent / "python"
    script = Path(__file__).with_name("codegraph_aider.py")
    words = [str(python), str(script), str(repo), "yes" if kept else "no", *issues]
    said: dict[str, Any] = json.loads(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return said


def rows(folder: Path, size: Size, peer: bool) -> Iterator[Row]:
    repo = django(folder / "django")
    store = folder / "graph.db"
    cold = []
    for _ in range(size.cold):
        store.unlink(missing_ok=True)
        cold.append(ours(store, repo))
    seconds = [each.said["built"] for each in cold]
    files = cold[0].said["files"]
    yield Row("cold build", statistics.median(seconds), 4, "s", f"{files} files in the index; {spread(seconds, 's')}")
    yield Row("peak memory, all processes together", max(each.peak_mb for each in cold), 400, "MB", "resident")
    yield Row("store", cold[-1].said["store_mb"], 60, "MB")
    changed = list(changes(store, repo, size.changed))
    yield Row("after one changed file", statistics.median(changed), 0.3, "s",
              f"git status included; {spread(changed, 's')}")  # fmt: skip
    asked = list(queries(ours(store, repo, ISSUES).said))
    yield from asked
    if peer:
        took = (statistics.median(seconds), statistics.median(changed), asked[0].measured)
        yield from beside(aider(repo, False, ISSUES), *took)
    if size.copies:
        yield from growth(repo, folder, size.copies)


def beside(said: dict[str, Any], cold: float, changed: float, query: float) -> Iterator[Row]:
    """Aider's own seconds, and ours as shares of them."""
    whole, warm = said["first"], statistics.median(said["queries"])
    yield Row("aider's map, cold", whole, None, "s", f"0.86.2, {said['files']} files")
    yield Row("aider's map, a query warm", warm, None, "s", spread(said["queries"], "s"))
    for what, ours_s, goal, theirs, there in (
        ("cold build, of aider's", cold, 4, whole, THERE[0]),
        ("one changed file, of aider's cold", changed, 0.3, whole, THERE[0]),
        ("ranked query, of aider's", query, 0.1, warm, THERE[1]),
    ):
        why = f"{goal} s where aider took {there} s"
        yield Row(what, 100 * ours_s / theirs, round(100 * goal / there, 1), "%", why)


def queries(said: dict[str, Any]) -> Iterator[Row]:
    first, *more = said["first"]
    yield Row("ranked query, warm", statistics.median(more), 0.1, "s",
              f"another issue each; {spread(more, 's')}; the first in a process {first:.2f} s")  # fmt: skip
    yield Row("the same query again", statistics.median(said["again"]), None, "s")
    yield Row("nothing changed", said["built"], None, "s", "in another process")


def changes(store: Path, repo: Path, times: int) -> Iterator[float]:
    path = repo / CHANGED
    before = path.read_bytes()
    for number in range(times):
        path.write_bytes(before + b"\n\ndef changed_%d():\n    return %d\n" % (number, number))
        said = ours(store, repo).said
        assert said["parsed"] == 1
        yield said["built"]
    path.write_bytes(before)


def growth(repo: Path, folder: Path, numbers: Sequence[int]) -> Iterator[Row]:
    found = []
    for number in numbers:
        tree = copies(repo, folder / f"copies{number}", number)
        one = ours(folder / f"copies{number}.db", tree)
        found.append((one.said["files"], one.said["built"], one.said["store_mb"], one.peak_mb))
        shutil.rmtree(tree)
    each = ", ".join(f"{files} files {seconds:.1f} s, {store:.0f} MB store, {peak:.0f} MB memory"
                     for files, seconds, store, peak in found)  # fmt: skip
    (few, short, *_), (many, long, *_) = found[0], found[-1]
    yield Row(f"time for a file, of {many} against of {few}", (long / many) / (short / few), LINEAR, "x", each)


def main(arguments: argparse.Namespace) -> int:
    if not arguments.without_aider:
        command_of("aider")
    with tempfile.TemporaryDirectory(prefix="factory-bench-") as name:
        found = list(rows(Path(name), QUICK if arguments.quick else FULL, not arguments.without_aider))
    text = "\n".join(
        (f"Measured with `python -m benchmarks.codegraph` on: {machine()}.", "", HEAD, *map(line, found), "")
    )
    print(text)
    if arguments.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(FROM)
        PAGE.write_text(before + FROM + "\n" + text + "\n" + TO + rest.split(TO)[1], encoding="utf-8")
    return int(any(row.verdict == "MISSED" for row in found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shows that it works: each once, no growth")
    parser.add_argument("--without-aider", action="store_true")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    sys.exit(main(parser.parse_args()))
