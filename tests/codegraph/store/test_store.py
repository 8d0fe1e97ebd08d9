"""The store is a cache: what is wrong with it costs time, never an answer."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.codegraph.building.build import source_of_checkout, view_of
from factory.codegraph.store.compact import MANY, tidy
from factory.codegraph.store.store import GraphStore
from factory.codegraph.view import View
from factory.contracts.errors import Stopped
from tests.codegraph.views import told
from tests.line.targets import git, repository

DAY = 86400
FILES: dict[str, str | bytes] = {f"m{number}.py": f"class C{number}:\n    x = C{number - 1}\n" for number in range(6)}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "r", FILES)


@pytest.fixture
def expected(repo: Path, tmp_path: Path) -> object:
    return told(built(tmp_path / "other.db", repo))


def built(path: Path, repo: Path, notify: Callable[[str], None] = print) -> View:
    return view_of(GraphStore(path, notify), source_of_checkout(repo))[0]


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def closed(path: Path, repo: Path) -> None:
    """A store with something in it and nobody at it: all in the one file."""
    store = GraphStore(path)
    view_of(store, source_of_checkout(repo))
    store.close()
    assert not path.with_name(path.name + "-wal").exists()


@pytest.mark.parametrize("damage", ["other", "cut", "empty head", "schema", "pages", "version", "newer"])
def test_a_store_that_cannot_be_used_is_built_anew(repo: Path, tmp_path: Path, expected: object, damage: str) -> None:
    path, said = tmp_path / "g.db", list[str]()
    closed(path, repo)
    size = path.stat().st_size
    if damage == "other":
        path.write_bytes(b"this is no database" * 1000)
    elif damage == "cut":
        os.truncate(path, size // 2)
    elif damage == "empty head":
        overwrite(path, 0, b"\0" * 100)
    elif damage == "schema":
        overwrite(path, 100, b"\xff" * 3000)
    elif damage == "pages":
        overwrite(path, 4096, b"\xff" * (size - 4096))
    else:
        store = GraphStore(path)
        store.read(f"PRAGMA user_version={7 if damage == 'version' else 2**31 - 1}")
        store.close()
    assert told(built(path, repo, said.append)) == expected
    assert len(said) == 1
    assert "built anew" in said[0]


def test_damage_under_an_open_view(repo: Path, tmp_path: Path, expected: object) -> None:
    """Its numbers stay as they are, also for those who hold some."""
    store = GraphStore(tmp_path / "g.db")
    (repo / "first.py").write_text("first = 1\n")
    view_of(store, source_of_checkout(repo))  # so that numbers differ the next time
    (repo / "first.py").unlink()
    view, _ = view_of(store, source_of_checkout(repo))
    ((doc, _),) = view.postings("def", "C3")
    with store.transaction() as db:
        db.execute("UPDATE blocks SET data = x'00112233'")
        db.execute("UPDATE facts SET data = x'00112233'")
    assert [view.paths(other) for other, _ in view.postings("def", "C4")] == [["m4.py"]]
    assert view.paths(doc) == ["m3.py"]
    assert told(view) == expected


def test_another_process_throws_the_store_away(repo: Path, tmp_path: Path, expected: object) -> None:
    path = tmp_path / "g.db"
    view = built(path, repo)
    GraphStore(path).start_over("is damaged")
    assert told(view) == expected
    assert told(built(path, repo)) == expected


def test_a_folder_that_cannot_be_written(repo: Path, tmp_path: Path, expected: object) -> None:
    (tmp_path / "file").write_text("")
    said: list[str] = []
    assert told(built(tmp_path / "file" / "g.db", repo, said.append)) == expected
    assert len(said) == 1
    assert "built anew each time" in said[0]


def test_a_full_disk_stops_with_what_to_do(repo: Path, tmp_path: Path) -> None:
    (repo / "many.py").write_text("\n".join(f"name_{number} = {number * number}" for number in range(3000)))
    store = GraphStore(tmp_path / "g.db")
    pages = store.read("PRAGMA page_count")[0][0]
    store.read(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Stopped, match="No space left") as stopped:
        view_of(store, source_of_checkout(repo))
    assert stopped.value.reason == "disk_full"


BUILD = """
import sys
from pathlib import Path
from factory.codegraph.building.build import source_of_checkout, view_of
from factory.codegraph.store.store import GraphStore
for _ in range(int(sys.argv[3])):
    view, counts = view_of(GraphStore(Path(sys.argv[1]), print), source_of_checkout(Path(sys.argv[2])))
    assert len(view.docs) == 6, view.docs
    assert [view.paths(doc) for doc, _ in view.postings("def", "C3")] == [["m3.py"]]
"""


def test_two_processes_at_once(repo: Path, tmp_path: Path, expected: object) -> None:
    path = tmp_path / "g.db"
    words = [sys.executable, "-c", BUILD, str(path), str(repo), "3"]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)]
    for process in running:
        said, _ = process.communicate(timeout=120)
        assert (process.returncode, said) == (0, b"")
    store = GraphStore(path)
    assert store.read("SELECT COUNT(*), COUNT(DISTINCT oid) FROM docs") == [(6, 6)]
    assert told(view_of(store, source_of_checkout(repo))[0]) == expected


@pytest.fixture
def days() -> list[float]:
    return [1000.0]


def test_small_segments_are_merged(repo: Path, tmp_path: Path) -> None:
    store = GraphStore(tmp_path / "g.db")
    counts = []
    for number in range(MANY + 4):
        (repo / "m0.py").write_text(f"class New{number}: ...\n")
        view, _ = view_of(store, source_of_checkout(repo))
        assert view.postings("def", f"New{number}")
        counts.append(store.read("SELECT COUNT(*) FROM segments")[0][0])
    assert max(counts) == MANY
    assert counts[-1] < MANY
    assert told(view) == told(built(tmp_path / "other.db", repo))


def test_what_nobody_asks_for_is_dropped(repo: Path, tmp_path: Path, days: list[float]) -> None:
    store = GraphStore(tmp_path / "g.db", now=lambda: days[0] * DAY)
    view_of(store, source_of_checkout(repo))
    for number in range(5):
        (repo / f"m{number}.py").write_text(f"class Other{number}: ...\n")
    view_of(store, source_of_checkout(repo))
    days[0] += 50
    view_of(store, source_of_checkout(repo))  # these are in use
    tidy(store)
    assert store.read("SELECT COUNT(*) FROM docs") == [(11,)]
    days[0] += 20
    view, counts = view_of(store, source_of_checkout(repo))
    tidy(store)
    assert counts.parsed == 0
    assert store.read("SELECT COUNT(*), (SELECT COUNT(*) FROM facts) FROM docs") == [(6, 6)]
    assert store.read("SELECT SUM(docs) FROM segments") == [(6,)]
    fresh, _ = view_of(store, source_of_checkout(repo))
    assert told(fresh) == told(built(tmp_path / "other.db", repo)) == told(view)


def test_a_limit_drops_the_oldest_but_nothing_of_today(repo: Path, tmp_path: Path, days: list[float]) -> None:
    store = GraphStore(tmp_path / "g.db", now=lambda: days[0] * DAY)
    view_of(store, source_of_checkout(repo))
    git(repo, "rm", "-q", "m0.py", "m1.py")
    days[0] += 1
    view_of(store, source_of_checkout(repo))
    tidy(store, most=1)
    assert store.read("SELECT COUNT(*) FROM docs") == [(4,)]
    assert view_of(store, source_of_checkout(repo))[1].parsed == 0
