"""The pack as a unit gets it: current, its own files first, within its tokens."""

from pathlib import Path

from factory.contracts.task import Pack, PackFile
from factory.desk.sources import fitted, fresh
from tests.desk.workshop import FILES, PACK, UNIT, repository


def paths(pack: Pack) -> list[str]:
    return [file.path for file in pack.files]


def test_the_findings_file_comes_first_then_owned_then_read_then_packed(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES)
    assert paths(fresh(store, tree, UNIT, PACK, 1000)) == ["shop/cart.py", "tests/test_cart.py", "README.md"]
    assert paths(fresh(store, tree, UNIT, PACK, 1000, "README.md"))[0] == "README.md"
    assert paths(fresh(store, tree, UNIT, PACK, 1000, "gone.md"))[0] == "shop/cart.py"


def test_globs_links_and_binaries(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES | {"shop/logo.bin": "a\0b", "shop/tax.py": "RATE = 2\n"})
    unit = UNIT.but(owns=("shop/**",), reads=())
    assert paths(fresh(store, tree, unit, PACK, 1000)) == ["shop/cart.py", "shop/tax.py", "README.md"]


def test_a_file_too_long_is_cut_at_a_line_and_says_so(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, {"shop/cart.py": "x = 1\n" * 1000})
    (file,) = fresh(store, tree, UNIT, PACK, 200).files
    assert (file.start, file.end, file.why) == (1, 100, "yours to change; the rest is left out")
    assert file.text == "x = 1\n" * 100


def test_what_was_packed_and_has_changed_since_is_left_out(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES)
    stale = Pack(tree="", files=(PackFile(path="README.md", start=1, end=1, text="# Old shop\n", why="named"),))
    assert "README.md" not in paths(fresh(store, tree, UNIT, stale, 1000))


def test_fitted_keeps_the_order_and_the_limit() -> None:
    files = tuple(PackFile(path=f"{n}", start=1, end=1, text="x" * 30, why="") for n in range(5))
    assert paths(fitted(Pack(tree="", files=files), 25)) == ["0", "1"]
