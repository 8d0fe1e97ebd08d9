"""One file that crashes, hangs or fills the memory of its process costs that file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from factory.codegraph.building import frames
from factory.codegraph.building.pool import DOCUMENTS, Ahead, Limits, parsed
from factory.codegraph.facts import Facts
from factory.codegraph.store.packing import unpacked
from factory.codegraph.store.rows import File, Row, Segment
from factory.codegraph.store.segments import postings_of
from factory.contracts.errors import Stopped
from tests.line.targets import git, repository

BAD = "tests.codegraph.building.misbehaving"
ONE = Limits(workers=1, extractor=BAD)


def read(tmp_path: Path, texts: dict[str, str], limits: Limits) -> dict[str, Row]:
    """By name; every text is given, none asked of git."""
    return {row.file.name: row for segment in segments(tmp_path, texts, limits) for row in segment.rows}


def segments(tmp_path: Path, texts: dict[str, str], limits: Limits) -> list[Segment]:
    files = [File(f"oid of {name}", name) for name in texts]
    given = {f"oid of {name}": text.encode() for name, text in texts.items()}
    return list(parsed(files, tmp_path, given, limits))


def facts(row: Row) -> Facts:
    return unpacked(row.facts)


@pytest.mark.parametrize("word", ["ABORT", "HANG", "SLEEP", "RAISE", "MEMORY"])
def test_a_bad_file_becomes_plain_text(tmp_path: Path, word: str) -> None:
    texts = {"a.py": "one\n", "bad.py": f"{word} two\n", "z.py": "three\n", "plain.txt": f"{word}\n"}
    rows = read(tmp_path, texts, Limits(workers=1, seconds=0.3, extractor=BAD))
    assert {name: (row.language, row.failed) for name, row in rows.items()} == {
        "a.py": ("python", False), "bad.py": ("", True), "z.py": ("python", False), "plain.txt": ("", False),
    }  # fmt: skip
    assert facts(rows["bad.py"]).idents == {word: 1, "two": 1}


@pytest.mark.parametrize("word", ["ABORT", "HANG", "RAISE"])
def test_a_file_that_is_bad_as_text_too_says_nothing(tmp_path: Path, word: str) -> None:
    rows = read(tmp_path, {"bad.py": f"{word} text\n", "z.py": "three\n"}, Limits(1, seconds=0.3, extractor=BAD))
    assert rows["bad.py"].failed
    assert not rows["bad.py"].words
    assert not rows["z.py"].failed


def test_many_bad_files_among_many(tmp_path: Path) -> None:
    texts = {f"f{number}.py": ("ABORT" if number % 40 == 7 else f"word{number}") for number in range(160)}
    found = segments(tmp_path, texts, Limits(workers=2, extractor=BAD))
    rows = [row for segment in found for row in segment.rows]
    assert sorted(row.file.name for row in rows) == sorted(texts)  # each once
    assert sorted(row.file.name for row in rows if row.failed) == ["f127.py", "f47.py", "f7.py", "f87.py"]
    for segment in found:  # the postings are numbered as the rows stand
        for number, row in enumerate(segment.rows):
            word = next(iter(facts(row).idents)).lower()
            before = [each for each in segment.blocks if each.kind == "word" and each.first <= word]
            assert number in {posting >> 16 for posting in postings_of(before[-1].data, word)}


def test_a_process_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match=r"No module named 'tests.codegraph.nowhere'"):
        read(tmp_path, {"a.py": "one\n"}, Limits(extractor="tests.codegraph.nowhere"))


def test_missing_blobs_are_unreadable(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r", {"a.py": "x = 1\n"})
    (segment,) = parsed([File("0" * 40, "a.py"), File(git(folder, "rev-parse", "HEAD:a.py"), "a.py")], folder, {}, ONE)
    assert [(row.skip, row.failed) for row in segment.rows] == [("unreadable", False), ("", False)]


def test_processes_that_wait_are_used_and_the_others_ended(tmp_path: Path) -> None:
    before = children()
    with Ahead(2) as ahead:
        waiting = children() - before
        assert len(waiting) == 2
        (segment,) = parsed([File("one", "a.py")], tmp_path, {"one": b"one\n"}, ONE, ahead)
        assert [row.language for row in segment.rows] == ["python"]
        assert len(children() & waiting) == 1
    assert children() == before


def test_closing_ends_the_processes(tmp_path: Path) -> None:
    files = [File("small", "a.txt")] * DOCUMENTS[0] + [File("slow", "b.py")]
    running = parsed(files, tmp_path, {"small": b"one\n", "slow": b"SLEEP\n"}, Limits(1, seconds=600, extractor=BAD))
    assert len(next(running).rows) == DOCUMENTS[0]
    assert children()
    running.close()
    assert not children()


def children() -> set[int]:
    done = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return {int(line.split()[0]) for line in done.stdout.splitlines() if "codegraph.building.worker" in line}


def test_a_worker_ends_with_its_parent() -> None:
    """A parent that was killed closes nothing by itself; the kernel does."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "factory.codegraph.building.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdin
    frames.write(worker.stdin, b"j", (["cat"], "/", BAD, 10, 10, 10, 1 << 31))
    worker.stdin.close()
    assert worker.wait(20) == 0
    assert worker.stdout
    worker.stdout.close()


def test_ctrl_c_is_the_parents_affair() -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "factory.codegraph.building.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdin
    assert worker.stdout
    frames.write(worker.stdin, b"j", (["cat"], "/", BAD, 10, 10, 10, 1 << 31))
    frames.write(worker.stdin, b"w", [])
    assert frames.read(worker.stdout).kind == b"d"
    worker.send_signal(signal.SIGINT)
    frames.write(worker.stdin, b"w", [])
    assert frames.read(worker.stdout).kind == b"d"
    worker.stdin.close()
    assert worker.wait(20) == 0
    worker.stdout.close()
