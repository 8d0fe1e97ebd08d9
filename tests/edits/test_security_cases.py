"""The path cases of tests/data/security_cases.json. Nothing here opens a path: text is a key into git trees."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.contracts.change import Change, FileChange
from factory.contracts.errors import EditProblem
from factory.edits.draft import Draft
from factory.edits.merge import merge
from factory.edits.paths import PathPolicy
from factory.git import run_git
from tests.edits.repository import Made, make_store, replace, write
from tests.edits.test_leases import plan, unit

ROWS = {row["id"]: row for row in json.loads((Path(__file__).parents[1] / "data/security_cases.json").read_text())}
SECRET = "root:x:SECRET"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "passwd").write_text(SECRET)
    return make_store(
        tmp_path, {"a.py": "x = 1\n", "d/b.py": "y = 1\n"}, {"link": "../outside", "file": "../outside/passwd"}
    )


def outside(made: Made) -> str:
    return (made.target.parent / "outside" / "passwd").read_text()


def opened_by(work: Callable[[], object]) -> list[str]:
    """Every path that this process opens while `work` runs, by Python's own audit events."""
    found: list[str] = []
    me = threading.get_ident()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if (
            active
            and threading.get_ident() == me
            and event in ("open", "os.listdir", "os.scandir", "os.symlink", "os.rename")
        ):
            found.append(str(arguments[0]))

    active = True
    sys.addaudithook(hook)
    try:
        work()
    finally:
        active = False
    return found


def denied(work: Callable[[], object]) -> EditProblem:
    with pytest.raises(EditProblem) as caught:
        work()
    return caught.value


def test_PTH_02_links_of_the_repository_are_refused(made: Made) -> None:
    draft = made.draft()
    for path in ("link/passwd", "link/x", "file", "link"):
        for work in (lambda p=path: draft.read(p), lambda p=path: draft.apply([write(p, "evil\n")])):
            problem = denied(work)
            assert problem.rule == "symlink"
            assert "symlink" in str(problem)
            assert SECRET not in str(problem)
    assert outside(made) == SECRET


def test_PTH_04_a_file_swapped_for_a_link_on_disk_changes_nothing(made: Made) -> None:
    """The race has no window: reads and edits come from the tree while the checkout's file is swapped all the time."""
    place, stop = made.target / "a.py", threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        while not stop.is_set():
            for to in ("../outside/passwd", "/etc/passwd"):
                temporary = made.target / "swap"
                os.symlink(to, temporary)
                temporary.replace(place)
                swaps += 1

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            draft = made.draft()
            assert draft.read("a.py") == "x = 1\n"
            draft.apply([replace("a.py", "x = 1\n", "x = 2\n")])
            assert made.bytes_of(draft.tree(), "a.py") == b"x = 2\n"
    finally:
        stop.set()
        thread.join()
    assert swaps > 500
    assert outside(made) == SECRET


def test_PTH_05_a_hard_link_on_disk_is_neither_read_nor_written(made: Made) -> None:
    (made.target / "a.py").unlink()
    os.link(made.target.parent / "outside" / "passwd", made.target / "a.py")
    (made.target / "d" / "b.py").unlink()
    os.link(made.target / ".git" / "config", made.target / "d" / "b.py")
    config = (made.target / ".git" / "config").read_text()
    draft = made.draft()
    assert draft.read("a.py") == "x = 1\n"
    draft.apply([write("a.py", "x = 3\n"), write("d/b.py", "y = 3\n")])
    draft.tree()
    assert outside(made) == SECRET
    assert (made.target / ".git" / "config").read_text() == config


@pytest.mark.parametrize(
    "path",
    [
        "b/../evil",
        "../evil",
        "/tmp/evil",
        ".git/hooks/x",
        ".GIT/config",
        "git~1/config",
        "d/.git/config",
        "link/evil",
        "file",
    ],
)
def test_PTH_09_hostile_patches_are_rejected_before_git_runs(made: Made, path: str) -> None:
    draft = made.draft()
    assert denied(lambda: draft.apply([write(path, "evil\n")])).rule in ("path_denied", "symlink")
    file = FileChange(path=path, op="write", oid=made.store.blob(b"evil\n"), size=5)
    change = Change(unit="u", role="backend", title="t", base=made.tree, files=(file,))
    wave = merge(made.store, made.tree, plan(unit("u", "**", path)), [change], PathPolicy(), 1)
    assert wave.tree == made.tree
    assert wave.findings[0].rule in ("refused_path", "clash", "not_a_file")


def test_PTH_09_a_link_created_in_the_same_patch_is_rejected_with_what_goes_through_it(made: Made) -> None:
    link = FileChange(path="out", op="write", mode="120000", oid=made.store.blob(b"../outside"), size=10)
    through = FileChange(path="out/passwd", op="write", oid=made.store.blob(b"evil\n"), size=5)
    for files in ((link, through), (through, link), (link,)):
        change = Change(unit="u", role="backend", title="t", base=made.tree, files=files)
        wave = merge(made.store, made.tree, plan(unit("u", "**")), [change], PathPolicy(), 1)
        assert wave.tree == made.tree
        assert wave.findings


@pytest.mark.parametrize(
    "path", [".ｇithub/workflows/x.yml", ".github\u200b/workflows/x.yml", ".Git/x", "con.", "a.py.", "d /x"], ids=ascii
)
def test_PTH_14_twins_are_rejected(made: Made, path: str) -> None:
    assert denied(lambda: made.draft().apply([write(path, "x\n")])).rule in ("path_denied", "protected")


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/1/environ", "/proc/self/../self/environ"])
def test_PIT_01_the_environment_of_the_process_is_no_file(made: Made, path: str) -> None:
    draft = made.draft()
    problem = denied(lambda: draft.read(path))
    assert problem.rule == "path_denied"
    assert "outside the repository" in str(problem)
    assert "PATH=" not in str(problem)


@pytest.mark.parametrize("path", ["../../.ssh/id_ed25519", "~/.netrc", "/home/runner/.credentials", "_work/../.runner"])
def test_PIT_02_credentials_are_no_files(made: Made, path: str) -> None:
    """The rule path_denied is what the tool loop writes into the trail."""
    assert denied(lambda: made.draft().read(path)).rule == "path_denied"


def test_PIT_01_nothing_named_by_a_model_is_ever_opened(made: Made) -> None:
    """By design: while hostile and honest paths are read and edited, this process opens none of them on the disk."""
    names = [
        "/proc/self/environ",
        "../outside/passwd",
        "link/passwd",
        "file",
        "a.py",
        "d/b.py",
        "nope.py",
        str(made.target / "a.py"),
    ]

    def work() -> None:
        draft = Draft(made.store, made.tree, ("**",), PathPolicy())
        for name in names:
            for action in (lambda n=name: draft.read(n), lambda n=name: draft.apply([write(n, "z = 1\n")])):
                try:
                    action()
                except EditProblem:
                    continue

    seen = opened_by(work)
    assert not [path for path in seen if "environ" in path or "outside" in path or str(made.target) in path], seen
    assert not [path for path in seen if Path(path).name in ("a.py", "b.py", "passwd", "file", "nope.py")], seen
    assert opened_by(lambda: open(made.target / "d" / "b.py").close())  # the watch itself works


def test_a_checkout_that_is_gone_changes_nothing(made: Made, tmp_path: Path) -> None:
    """Content cannot come from the checkout: it is not there any more, only its object store."""
    for path in sorted(made.target.iterdir()):
        if path.name != ".git":
            run_git(tmp_path, "-C", str(made.target), "rm", "-r", "-q", "--cached", path.name)
            path.unlink() if path.is_symlink() or path.is_file() else [inner.unlink() for inner in path.iterdir()]
    assert made.draft().read("a.py") == "x = 1\n"
    assert made.draft().read("d/b.py") == "y = 1\n"
