"""Views of real repositories: what is read, what is not read again, and that the store never says anything stale."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.codegraph.building.build import source_of_checkout, source_of_commit, source_of_store, view_of
from factory.codegraph.building.pool import Limits
from factory.codegraph.facts import NOTHING
from factory.codegraph.store.store import GraphStore
from factory.contracts.change import FileChange
from factory.contracts.errors import UsageProblem
from factory.git import Store
from tests.codegraph.views import told
from tests.line.targets import git, repository

CART = "class Cart:\n    def total(self):\n        return sum(self.prices)\n"
FILES: dict[str, str | bytes] = {
    "shop/cart.py": CART, "shop/__init__.py": "", "other/__init__.py": "", "web/app.js": "export function open() {}\n",
    "README.md": "The shop's cart.\n", "logo.bin": b"\0\1", "vendor/x.py": "y = 1\n", "bin/run": "#!/bin/sh\ntotal\n",
    "tests/test_cart.py": "from shop.cart import Cart\n",
}  # fmt: skip


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "r", FILES)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GraphStore]:
    opened = GraphStore(tmp_path / "graph.db")
    yield opened
    opened.close()


def test_a_first_build(repo: Path, store: GraphStore) -> None:
    view, counts = view_of(store, source_of_commit(repo))
    assert list(view.docs) == sorted(set(FILES) - {"logo.bin", "vendor/x.py"})
    assert counts.skipped == {"binary": 1, "vendored": 1}
    assert (counts.files, counts.reused, counts.failed) == (7, 0, ())
    assert [view.paths(doc) for doc, _ in view.postings("def", "Cart")] == [["shop/cart.py"]]
    assert view.docs["shop/cart.py"].language == "python"
    assert view.docs["bin/run"].language == "bash"
    assert view.docs["README.md"].language == ""
    assert {path for path, doc in view.docs.items() if doc.test} == {"tests/test_cart.py"}
    empty = view.docs["shop/__init__.py"].doc
    assert view.paths(empty) == ["other/__init__.py", "shop/__init__.py"]  # one content
    assert view.facts("nowhere.py") == NOTHING
    assert (view.text("shop/cart.py"), view.text("nowhere.py")) == (CART, "")
    assert view.postings("word", "") == ()


def test_a_tree_that_is_asked_for_gives_the_same_view(repo: Path, store: GraphStore, tmp_path: Path) -> None:
    asked, counts = view_of(store, lambda: source_of_commit(repo))
    given, same = view_of(GraphStore(tmp_path / "other.db"), source_of_commit(repo))
    assert {path: asked.facts(path) for path in asked.docs} == {path: given.facts(path) for path in given.docs}
    assert counts._replace(seconds=0) == same._replace(seconds=0)


def test_a_second_commit_reads_only_what_is_new(repo: Path, store: GraphStore) -> None:
    first, _ = view_of(store, source_of_commit(repo))
    git(repo, "mv", "shop/cart.py", "shop/basket.py")
    (repo / "web/app.js").write_text("export function close() {}\n")
    git(repo, "commit", "-qam", "second")
    second, counts = view_of(store, source_of_commit(repo))
    assert (counts.parsed, counts.reused) == (1, 6 - 1 + 1)  # app.js; a rename is no news, and two files are one
    assert [second.paths(doc) for doc, _ in second.postings("def", "Cart")] == [["shop/basket.py"]]
    assert second.postings("def", "open") == ()
    assert [first.paths(doc) for doc, _ in first.postings("def", "open")] == [["web/app.js"]]  # each its own tree
    again, counts = view_of(store, source_of_commit(repo, "HEAD~1"))
    assert counts.parsed == 0
    assert told(again) == told(first)


def test_a_worktree_shares_what_is_known(repo: Path, store: GraphStore, tmp_path: Path) -> None:
    view_of(store, source_of_commit(repo))
    git(repo, "worktree", "add", "-q", str(tmp_path / "w"), "-b", "other")
    (tmp_path / "w/new.py").write_text("def fresh(): ...\n")
    view, counts = view_of(store, source_of_checkout(tmp_path / "w"))
    assert counts.parsed == 1
    assert view.postings("def", "fresh")


def test_a_checkout_as_it_stands(repo: Path, store: GraphStore) -> None:
    (repo / "shop/cart.py").write_text("class Basket: ...\n")
    (repo / "shop/new.py").write_text("class Fresh: ...\n")
    (repo / ".gitignore").write_text("ignored.py\n")
    (repo / "ignored.py").write_text("class Ignored: ...\n")
    (repo / "README.md").unlink()
    (repo / "link.py").symlink_to("/etc/passwd")
    (repo / "large.py").write_text("x = 1\n" * 200_000)
    view, counts = view_of(store, source_of_checkout(repo / "shop"))  # from anywhere inside
    assert {"shop/new.py", ".gitignore"} < set(view.docs)
    assert not {"README.md", "ignored.py", "link.py", "large.py"} & set(view.docs)
    assert counts.skipped == {"binary": 1, "vendored": 1, "link": 1, "large": 1}
    assert view.postings("def", "Cart") == ()
    assert view.postings("def", "Basket")
    assert view.text("shop/cart.py") == "class Basket: ...\n"


def test_the_targets_own_programs_do_not_run(repo: Path, store: GraphStore, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git(repo, "config", "filter.evil.clean", f"touch {ran}; cat")
    git(repo, "config", "core.fsmonitor", f"touch {ran}; false")
    (repo / ".gitattributes").write_text("*.py filter=evil\n")
    (repo / "shop/cart.py").write_text(CART.replace("total", "TOTAL"))  # of the same size
    view, _ = view_of(store, source_of_checkout(repo))
    assert view.postings("def", "TOTAL")
    assert not ran.exists()


def test_a_drafts_tree(repo: Path, store: GraphStore, tmp_path: Path) -> None:
    trees = Store(tmp_path / "run.git", repo)
    commit = git(repo, "rev-parse", "HEAD")
    change = FileChange(path="shop/new.py", op="write", oid=trees.blob(b"class Fresh: ...\n"), size=17)
    draft = trees.overlay(git(repo, "rev-parse", "HEAD^{tree}"), [change])
    view, _ = view_of(store, source_of_store(trees, draft, commit))
    assert view.postings("def", "Fresh")
    assert len(view.commits()) == 1


def test_nothing_committed_yet(tmp_path: Path, store: GraphStore) -> None:
    git(tmp_path, "init", "-q", "r")
    (tmp_path / "r/a.py").write_text("class First: ...\n")
    view, _ = view_of(store, source_of_checkout(tmp_path / "r"))
    assert list(view.docs) == ["a.py"]
    assert view.commits() == ()


def test_no_repository_and_no_commit(tmp_path: Path, repo: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(UsageProblem, match="not a git repository"):
        source_of_checkout(tmp_path / "plain")
    for ref in ("nowhere", "--all"):
        with pytest.raises(UsageProblem, match="is no commit"):
            source_of_commit(repo, ref)


def test_a_file_that_fails_is_told_each_time_and_not_tried_again(repo: Path, store: GraphStore) -> None:
    (repo / "bad.py").write_text("ABORT text\n")
    limits = Limits(extractor="tests.codegraph.building.misbehaving")
    for parsed in (8, 0):
        view, counts = view_of(store, source_of_checkout(repo), limits=limits)
        assert counts.failed == ("bad.py",)
        assert counts.parsed == parsed
        assert view.facts("bad.py") == NOTHING


PATHS = ("a.py", "b.py", "lib/a.js", "lib/b.go", "notes.md", "vendor/a.py", "run")
TEXTS = (
    "", CART, "def total(): ...\n", "total = cart\n", "#!/bin/sh\ntotal\n", "// Code generated by x. DO NOT EDIT.\n",
    "func Total() {}\n", "caf\u00e9 \udcff\n", "\0",
)  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(PATHS), st.sampled_from(TEXTS)),
    st.tuples(st.just("delete"), st.sampled_from(PATHS), st.just("")),
    st.tuples(st.just("rename"), st.sampled_from(PATHS), st.sampled_from(PATHS)),
    st.tuples(st.sampled_from(("commit", "build", "build")), st.just(""), st.just("")),
)


def take(repo: Path, store: GraphStore, step: tuple[str, str, str]) -> None:
    what, path, more = step
    if what == "write":
        (repo / path).write_bytes(more.encode("utf-8", "surrogateescape"))
    elif what == "delete":
        (repo / path).unlink(missing_ok=True)
    elif what == "rename" and (repo / path).exists():
        (repo / path).rename(repo / more)
    elif what == "commit":
        git(repo, "add", "-A", "-f")
        git(repo, "commit", "-q", "--allow-empty", "-m", "next")
    elif what == "build":
        view_of(store, source_of_checkout(repo))


@settings(max_examples=10)
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_the_store_equals_a_fresh_build(steps: list[tuple[str, str, str]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="factory-test-"))
    try:
        repo = repository(folder / "r", {"a.py": CART, "lib/a.js": "cart()\n", "vendor/a.py": "x\n"})
        store, fresh = GraphStore(folder / "one.db"), GraphStore(folder / "two.db")
        for step in steps:
            take(repo, store, step)
        source = source_of_checkout(repo)
        kept, _ = view_of(store, source)
        built, counts = view_of(fresh, source)
        assert told(kept) == told(built)
        assert counts.skipped == view_of(store, source)[1].skipped
        store.close()
        fresh.close()
    finally:
        shutil.rmtree(folder)
