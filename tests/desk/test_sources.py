"""What a unit sees: the pack as it is, and beside it its own files as they are now."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.task import Advice, Pack, PackFile
from factory.desk.sources import Now, fitted, now
from factory.llm.tokens import estimate
from tests.desk.workshop import FILES, PACK, UNIT, repository


def paths(found: Now | Pack) -> list[str]:
    return [file.path for file in found.files]


def test_the_findings_file_comes_first_then_owned_then_read(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES)
    empty = Pack(tree="")
    assert paths(now(store, tree, UNIT, empty, 1000)) == ["shop/cart.py", "tests/test_cart.py"]
    assert paths(now(store, tree, UNIT, empty, 1000, "README.md"))[0] == "README.md"
    assert paths(now(store, tree, UNIT, empty, 1000, "gone.md"))[0] == "shop/cart.py"


def test_what_the_pack_shows_whole_and_unchanged_is_not_shown_again(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES)
    whole = PackFile(path="shop/cart.py", start=1, end=6, text=FILES["shop/cart.py"], why="named")
    part = whole.but(path="tests/test_cart.py", end=1, text="from shop.cart import total\n")
    assert paths(now(store, tree, UNIT, Pack(tree="", files=(whole, part)), 1000)) == ["tests/test_cart.py"]


def test_packed_files_that_changed_are_shown_again_or_named(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES)
    old = [PackFile(path=path, start=1, end=1, text="# Old shop\n", why="named") for path in ("README.md", "gone.md")]
    pack = PACK.but(files=tuple(old))
    found = now(store, tree, UNIT, pack, 1000)
    assert paths(found) == ["shop/cart.py", "tests/test_cart.py", "README.md"]
    assert (found.changed, found.gone) == ((), ("gone.md",))
    assert found.files[-1].why == "changed since the work began"
    assert now(store, tree, UNIT, pack, 100).changed == ("README.md",)


def test_globs_links_and_binaries(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES | {"shop/logo.bin": "a\0b", "shop/tax.py": "RATE = 2\n"})
    unit = UNIT.but(owns=("shop/**",), reads=())
    assert paths(now(store, tree, unit, PACK, 1000)) == ["shop/cart.py", "shop/tax.py"]


def test_a_file_too_long_is_cut_at_a_line_and_says_so(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, {"shop/cart.py": "x = 1\n" * 1000})
    (file,) = now(store, tree, UNIT, PACK.but(files=()), 200).files
    assert (file.start, file.end, file.why) == (1, 100, "yours to change; the rest is left out: it has 1000 lines")
    assert file.text == "x = 1\n" * 100


def test_what_is_withheld_is_not_shown(tmp_path: Path) -> None:
    store, tree = repository(tmp_path, FILES)
    found = now(store, tree, UNIT, Pack(tree=""), 1000, withheld=lambda path: "no" if path.startswith("shop") else "")
    assert paths(found) == ["tests/test_cart.py"]


def test_fitted_keeps_the_order_and_the_limit() -> None:
    files = tuple(PackFile(path=f"{n}", start=1, end=1, text="x" * 30, why="") for n in range(5))
    assert paths(fitted(Pack(tree="", files=files), 70)) == ["0", "1"]
    assert paths(fitted(Pack(tree="", files=files, tokens=70), 70)) == ["0", "1", "2", "3", "4"]


texts = st.text(alphabet="ab \né", max_size=400)


@given(
    texts, texts, st.lists(texts, max_size=5), st.lists(texts, max_size=3), st.integers(1, 400), st.integers(0, 2000)
)
def test_a_fitted_pack_is_within_its_tokens(
    tree: str, outline: str, files: list[str], advice: list[str], tokens: int, counted: int
) -> None:
    pack = Pack(
        tree=tree, map=outline, files=tuple(PackFile(path="a", start=1, end=1, text=text, why="") for text in files),
        advice=tuple(Advice(path="a", text=text) for text in advice),
    )  # fmt: skip
    found = fitted(pack, tokens)
    parts = [found.tree, found.map, *(each.text for each in found.files), *(each.text for each in found.advice)]
    assert sum(map(estimate, parts)) <= tokens or found == pack
    again = fitted(pack.but(tokens=counted), tokens)
    assert again.files == pack.files[: len(again.files)]
