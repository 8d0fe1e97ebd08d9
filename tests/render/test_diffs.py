"""Diffs are read from what real git writes, and from garbage without a complaint."""

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.finding import finding
from factory.render.diffs import parse, unquoted
from factory.render.diffview import LINES_OF_A_FILE, view
from tests.render.parts import DIFF


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True).stdout.decode()


def tree(folder: Path) -> str:
    git(folder, "add", "-A")
    return git(folder, "write-tree").strip()


def test_what_git_writes_is_read_back(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    old = {"a b.txt": "one\ntwo\nthree\n", "gone.txt": "x\n", "old.py": "keep\n" * 20, "é.txt": "y\n"}
    for name, text in old.items():
        (tmp_path / name).write_text(text)
    before = tree(tmp_path)
    (tmp_path / "a b.txt").write_text("one\n2\nthree\n+++ four\n--- five")
    (tmp_path / "gone.txt").unlink()
    (tmp_path / "old.py").rename(tmp_path / 'new"name.py')
    (tmp_path / "é.txt").write_text("z\n")
    (tmp_path / "pic.bin").write_bytes(b"\0\1\2")
    diff = git(tmp_path, "diff-tree", "-r", "-p", "-M", before, tree(tmp_path))
    files = {file.path: file for file in parse(diff)}
    assert set(files) == {"a b.txt", "gone.txt", 'new"name.py', "é.txt", "pic.bin"}
    assert files["gone.txt"].note == "deleted"
    assert files['new"name.py'].note == "renamed from old.py"
    assert files["pic.bin"].note == "new file, binary"
    rows = [(row.kind, row.old, row.new, row.text) for row in files["a b.txt"].rows if row.kind in ("add", "del")]
    assert rows == [("del", 2, 0, "-two"), ("add", 0, 2, "+2"), ("add", 0, 4, "++++ four"), ("add", 0, 5, "+--- five")]
    assert (files["a b.txt"].added, files["a b.txt"].removed) == (3, 1)


@given(st.text() | st.text().map(lambda text: f"diff --git {text}\n@@ {text}\n@@ -1 +1 @@\n+{text}"))
def test_garbage_is_read_without_a_complaint(text: str) -> None:
    view(text, ())


def test_quoted_paths() -> None:
    assert unquoted('"b/caf\\303\\251 \\"x\\".html"') == 'b/café "x".html'
    assert unquoted("b/plain\t") == "b/plain"


def test_findings_stand_at_their_lines() -> None:
    at = finding("hydra.tests", "r", "HERE", path="shop/cart.py", start=13, end=14)
    off = finding("hydra.tests", "r", "ELSEWHERE", path="shop/cart.py", start=400)
    page = view(DIFF, (at, off))
    line = page.index("a line needs a quantity")
    assert page.index("ELSEWHERE") < page.index("def total")
    assert line < page.index("HERE", line) < page.index("line.price * line.quantity")


def test_a_big_file_is_capped_and_says_so() -> None:
    diff = "diff --git a/big b/big\n--- a/big\n+++ b/big\n@@ -0,0 +1,9999 @@\n" + "+x\n" * 9999
    late = finding("tests", "r", "LATE", path="big", start=9000)
    page = view(diff, (late,))
    assert page.count('class="add"') == LINES_OF_A_FILE - 1
    assert "9,200 more lines are not shown" in page
    assert "LATE" in page
