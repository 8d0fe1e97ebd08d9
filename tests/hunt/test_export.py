"""A commit becomes a folder of files for us alone, and nothing in it can lead out of it."""

import stat
from hashlib import sha1
from pathlib import Path

import pytest

from factory.codegraph.building.sources import Place, TreeSource, source_of_checkout, source_of_commit
from factory.codegraph.store.store import GraphStore
from factory.git import run_git
from factory.hunt.export import exported


def committed(repo: Path, files: dict[str, str], when: str = "2020-05-01T12:00:00+00:00") -> None:
    if not (repo / ".git").exists():
        repo.mkdir(exist_ok=True)
        run_git(repo, "init", "--quiet", "-b", "main", ".")
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    run_git(repo, "add", "-A")
    who = {f"GIT_{kind}_{key}": value for kind in ("AUTHOR", "COMMITTER")
           for key, value in (("NAME", "A"), ("EMAIL", "a@b"), ("DATE", when))}  # fmt: skip
    run_git(repo, "commit", "--quiet", "-m", "files", env=who)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    committed(path, {"a.py": "x = 1\ny = 2\n", "vendor/b.py": "x = 1\n", "app.min.js": "x", "big.txt": "x\n" * 600_000})
    (path / "link.py").symlink_to("/etc/passwd")
    committed(path, {"a.py": "x = 1\ny = 3\n"}, "2024-05-01T12:00:00+00:00")
    return path


def test_what_is_looked_at_is_there_and_nothing_else(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    ground = exported(source_of_commit(repo), tmp_path / "out")
    assert ground.paths == ("a.py",)
    assert ground.skipped == {"large": 1, "link": 1, "minified": 1, "vendored": 1}
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["a.py"]
    mode = (tmp_path / "out" / "a.py").stat().st_mode
    assert stat.S_IMODE(mode) == 0o400
    assert ground.when.startswith("2024-05-01")


def test_lines_know_when_they_were_written(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    ground = exported(source_of_commit(repo), tmp_path / "out")
    assert [ground.blame("a.py")[line].when[:4] for line in (1, 2)] == ["2020", "2024"]
    assert ground.blame("nothing.py") == {}


def test_files_as_they_stand_have_no_age(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (repo / "a.py").write_text("x = 9\n")
    ground = exported(source_of_checkout(repo), tmp_path / "out")
    assert ground.source("a.py").text == "x = 9\n"
    assert ground.blame("a.py") == {}


def test_names_that_lead_out_or_cannot_be_shown_are_left_out(tmp_path: Path) -> None:
    """A tree that somebody wrote by hand may hold any name."""
    data = b"x = 1\n"
    oid = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    names = ["../out.py", "/abs.py", "a//b.py", ".git/hooks/post-commit", "sub/.GIT/config", "line\nbreak.py",
             "odd\udcff.py", "a" * 300 + ".py", "fine.py", "fine.py/below.py", "./dot.py"]  # fmt: skip
    tree = TreeSource({name: Place("100644", oid) for name in names}, tmp_path, given={oid: data})
    (tmp_path / "out").mkdir()
    ground = exported(tree, tmp_path / "out")
    assert ground.paths == ("fine.py",)
    assert ground.skipped == {"name": len(names) - 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_the_code_graph_is_built_when_it_is_asked_for(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    opened: list[int] = []

    def store() -> GraphStore:
        opened.append(1)
        return GraphStore(tmp_path / "graph.db")

    ground = exported(source_of_commit(repo), tmp_path / "out", store)
    assert ground.view is not None
    assert opened == []
    assert "a.py" in ground.view().docs
    assert ground.view() is ground.view()
    assert opened == [1]
