"""The tool `graph` on a draft with edits: real git objects, the real parser and store."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from factory.codegraph.building.build import source_of_store, view_of
from factory.codegraph.building.home import viewer
from factory.codegraph.graph.graph import Graph
from factory.codegraph.store.store import GraphStore
from factory.contracts.errors import BadReply, Stopped
from factory.desk.tools import Bench
from factory.edits.blocks import parse
from factory.edits.draft import Draft
from factory.edits.paths import PathPolicy
from tests.desk.workshop import EDIT, FACTS, FILES, UNIT, Workshop, gate, repository, tool

MORE = {
    "shop/bill.py": "from shop.cart import total\n\n\nclass Bill:\n    def due(self):\n        return total(self.x)\n",
    "secret/keys.py": "from shop.cart import total\n\n\ndef hidden():\n    return total([])\n",
}


@pytest.fixture
def trail() -> list[tuple[str, dict[str, object]]]:
    return []


@pytest.fixture
def bench(tmp_path: Path, trail: list[tuple[str, dict[str, object]]]) -> Bench:
    trees, tree = repository(tmp_path, FILES | MORE)
    store = GraphStore(tmp_path / "graph.db")
    return Bench(
        Draft(trees, tree, UNIT.owns, PathPolicy()), trees, lambda tree, selection: "", lambda *row: trail.append(row),
        gate(), withheld=lambda path: "secret" if path.startswith("secret/") else "",
        graph=lambda tree: Graph(view_of(store, source_of_store(trees, tree, ""), workers=1)[0]),
    )  # fmt: skip


def ask(bench: Bench, what: str, of: str, **more: object) -> str:
    return bench.use("graph", {"ask": what, "of": of, **more}).text


def test_a_definition_comes_with_its_lines_and_counts_as_a_piece(bench: Bench) -> None:
    result = bench.use("graph", {"ask": "definition", "of": "total"})
    assert result.text == (
        "definition of total:\nshop/cart.py:1: function total (lines 1 to 2)\ndef total(cart):\n    return sum(cart)\n"
    )
    lines = next(piece for piece in result.pieces if piece.start)
    assert (lines.path, lines.start, lines.end, lines.bytes) == ("shop/cart.py", 1, 2, 38)
    assert {piece.path for piece in result.pieces} == {"shop/cart.py"}


def test_references_callers_and_tests(bench: Bench) -> None:
    assert "shop/bill.py:6: return total(self.x) [in Bill.due]\n" in ask(bench, "references", "total")
    assert "shop/bill.py:6: Bill.due calls shop/cart.py:total" in ask(bench, "callers", "total")
    assert ask(bench, "callees", "Bill.due") == (
        "callees of Bill.due:\nshop/bill.py:6: Bill.due calls shop/cart.py:total"
    )
    assert ask(bench, "tests", "total").startswith("tests of total:\ntests/test_cart.py:1: test_total (uses, name)")
    assert "shop/cart.py" in ask(bench, "tests", "tests/test_cart.py")
    assert "shop/bill.py:6: user: Bill.due" in ask(bench, "neighbours", "total")


def test_the_answer_is_of_the_draft_as_it_is_now(bench: Bench) -> None:
    assert "discount" not in ask(bench, "outline", "shop/cart.py")
    bench.draft.apply(parse(EDIT))
    assert "shop/cart.py:1: def total(cart, discount=0) (to line 2)" in ask(bench, "outline", "shop/cart.py")


def test_a_name_that_is_not_there_names_near_ones(bench: Bench) -> None:
    assert ask(bench, "definition", "totl").startswith("no symbol or file is called totl; near to it are: total")
    assert ask(bench, "outline", "shop/carts.py").startswith("no file is called shop/carts.py; near to it are: cart.py")
    assert "is a file" in ask(bench, "callers", "shop/cart.py")


def test_what_is_withheld_is_neither_shown_nor_named(bench: Bench) -> None:
    for what in ("references", "callers", "neighbours", "tests"):
        text = ask(bench, what, "total")
        assert "hidden" not in text, what
        assert "secret/keys.py:" not in text, what
    assert ask(bench, "outline", "secret/keys.py") == "error: secret/keys.py: withheld by [egress]: secret"
    assert "return" not in ask(bench, "definition", "hidden")


@pytest.mark.parametrize("of", ["../../.ssh/id_ed25519", "/etc/passwd", "~/.netrc", "..\\x", ".git/config"])
def test_pit_01_pit_02_a_path_outside_is_a_tool_error_and_a_line_in_the_trail(
    bench: Bench, trail: list[tuple[str, dict[str, object]]], of: str
) -> None:
    assert ask(bench, "outline", of).startswith("error: outside worktree")
    assert [event for event, _ in trail] == ["path_denied"]


@pytest.mark.parametrize(
    "arguments", [{"ask": "delete", "of": "x"}, {"ask": "tests"}, {"ask": "callers", "of": "x", "depth": 9}]
)
def test_wrong_calls_are_named(bench: Bench, arguments: dict[str, object]) -> None:
    with pytest.raises(BadReply, match="graph: "):
        bench.use("graph", arguments)


def _full(tree: str) -> Graph:
    raise Stopped("disk_full", "No space left.")


@pytest.mark.parametrize("graph", [None, _full])
def test_without_a_store_the_tool_says_so_and_the_work_goes_on(
    bench: Bench, graph: Callable[[str], Graph] | None
) -> None:
    without = Bench(bench.draft, bench.trees, bench.run_tests, bench.note, gate(), graph=graph)
    text = without.use("graph", {"ask": "tests", "of": "total"}).text
    assert text == "error: the code graph cannot be read here: use search and read_file instead."


def test_answers_are_capped_and_say_so(tmp_path: Path) -> None:
    calls = "".join(f"def user{n}():\n    return total([{n}])\n\n\n" for n in range(90))
    trees, tree = repository(tmp_path, FILES | {"shop/many.py": f"from shop.cart import total\n\n\n{calls}"})
    store = GraphStore(tmp_path / "graph.db")
    bench = Bench(Draft(trees, tree, UNIT.owns, PathPolicy()), trees, lambda tree, selection: "",
                  lambda *row: None, gate(),
                  graph=lambda tree: Graph(view_of(store, source_of_store(trees, tree, ""), workers=1)[0]))  # fmt: skip
    text = bench.use("graph", {"ask": "callers", "of": "total"}).text
    assert len(text.splitlines()) == 42
    assert text.endswith("more are not shown: ask for something narrower)")


def test_a_loop_asks_the_graph_of_its_own_edits(tmp_path: Path) -> None:
    question = tool("graph", ask="definition", of="total")
    shop = Workshop(tmp_path, [question, EDIT, question, tool("finish", summary="done")])
    shop.tools = replace(shop.tools, view=viewer(tmp_path / "target", tmp_path / "state", shop.store, ""))
    change = shop.desk().work("backend/write", UNIT, shop.tree, **FACTS)
    assert change.error == ""
    before, after = shop.model.asked[1].messages[-1].text, shop.model.asked[3].messages[-1].text
    assert "def total(cart):\n    return sum(cart)\n" in before
    assert "def total(cart, discount=0):\n    return sum(cart) - discount\n" in after
    assert "shop/cart.py" in {piece.path for piece in shop.model.asked[1].pieces}
