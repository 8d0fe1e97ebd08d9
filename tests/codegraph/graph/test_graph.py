"""Questions to the graph, on a small shop whose facts are written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.codegraph.facts import Import, Use
from factory.codegraph.graph.graph import Graph
from factory.codegraph.view import Commit
from factory.contracts.codegraph import Call, Definition, Reference
from tests.codegraph.listed import ListedView, facts, symbol


def shop() -> ListedView:
    """cart.total is used by bill and, handed on by the package, by web; other.total has the same name."""
    return ListedView(
        {
            "shop/__init__.py": facts(Import("shop.cart", ("total", "Cart"), 1)),
            "shop/cart.py": facts(
                Import("shop.basket", ("Basket",), 1), symbol("total", 1, 5), Use("price", 3, "call"),
                symbol("Cart", 10, 30, "class"), Use("Basket", 10, "base"),
                symbol("Cart.sum", 12, 15, "method"), Use("total", 13, "call"),
                symbol("Cart.add", 16, 20, "method"), Use("sum", 17, "call"),
                symbol("price", 40, 44), Use("total", 42, "call"),
            ),
            "shop/basket.py": facts(symbol("Basket", 1, 9, "class")),
            "shop/bill.py": facts(
                Import("shop.cart", ("total",), 1), symbol("due", 3, 8),
                Use("total", 5, "call"), Use("total", 6, "call"),
            ),
            "shop/web.py": facts(Import("shop", ("total",), 1), symbol("page", 3, 8), Use("total", 4, "call")),
            "shop/late.py": facts(symbol("late", 1, 9), Use("due", 2, "call"), Import("shop.bill", ("due",), 1)),
            "other.py": facts(symbol("total", 1, 3), symbol("run", 5, 9), Use("total", 6, "call")),
            "stray.py": facts(symbol("stray", 1, 9), Use("total", 2, "call")),
            "tests/test_cart.py": facts(
                Import("shop.cart", ("Cart",), 1), symbol("test_sum", 3, 9),
                Use("sum", 5, "call"), Use("Cart", 4, "call"),
            ),
            "tests/test_bill.py": facts(
                Import("shop.bill", ("due",), 1), symbol("test_due", 3, 9), Use("due", 4, "call"),
            ),
        },
        [Commit("c", 0, "x", ("shop/cart.py", "tests/test_shop.py")),
         Commit("b", 1, "y", ("shop/cart.py", "shop/bill.py")),
         Commit("a", 2, "z", ("shop/cart.py", "shop/bill.py", "tests/test_bill.py"))],
    )  # fmt: skip


@pytest.fixture
def graph() -> Graph:
    return Graph(shop())


def keys(found: tuple[Definition, ...]) -> list[str]:
    return [one.key for one in found]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("total", ["shop/cart.py:total", "other.py:total"]),  # more places surely mean the first
        ("Cart.sum", ["shop/cart.py:Cart.sum"]),
        ("Cart::sum", ["shop/cart.py:Cart.sum"]),
        ("Cart#sum()", ["shop/cart.py:Cart.sum"]),
        ("sum", ["shop/cart.py:Cart.sum"]),
        ("other.py:total", ["other.py:total"]),
        ("cart.py:total", ["shop/cart.py:total"]),
        ("shop.cart.total", ["shop/cart.py:total"]),
        ("shop.cart.Cart.sum", ["shop/cart.py:Cart.sum"]),
        ("shop/cart.py::Cart::sum", ["shop/cart.py:Cart.sum"]),
        ("Other.sum", []),
        ("nowhere", []),
        ("", []),
        (":", []),
        ("...", []),
    ],
)
def test_symbols(graph: Graph, name: str, found: list[str]) -> None:
    assert keys(graph.symbols(name).items) == found


def where(found: tuple[Reference, ...]) -> list[tuple[str, int, str, bool]]:
    return [(one.path, one.line, one.symbol, one.sure) for one in found]


def test_references_say_whether_the_imports_lead_there(graph: Graph) -> None:
    found = graph.references("shop/cart.py:total").items
    assert where(found) == [
        ("shop/__init__.py", 1, "", True),
        ("shop/bill.py", 1, "", True),
        ("shop/bill.py", 5, "due", True),
        ("shop/bill.py", 6, "due", True),
        ("shop/cart.py", 13, "Cart.sum", True),
        ("shop/cart.py", 42, "price", True),
        ("shop/web.py", 1, "", True),
        ("shop/web.py", 4, "page", True),
        ("stray.py", 2, "stray", False),
    ]
    assert {one.to for one in found} == {"shop/cart.py:total"}


def test_a_use_that_surely_means_another_definition_is_not_one(graph: Graph) -> None:
    assert ("other.py", 6, "run", True) in where(graph.references("other.py:total").items)
    assert "other.py" not in {one.path for one in graph.references("shop/cart.py:total").items}


def test_references_are_bounded_and_say_so(graph: Graph) -> None:
    found = graph.references("shop/cart.py:total", limit=2)
    assert (len(found.items), found.cut) == (2, 7)


def calls(found: tuple[Call, ...]) -> list[tuple[int, str, str]]:
    return [(one.depth, f"{one.path}:{one.symbol}", one.of.rpartition(":")[2]) for one in found]


def test_callers_by_depth_without_circles(graph: Graph) -> None:
    users = ("shop/bill.py:due", "shop/cart.py:Cart.sum", "shop/cart.py:price", "shop/web.py:page", "stray.py:stray")
    first = [(1, user, "total") for user in users]
    assert calls(graph.callers("shop/cart.py:total").items) == first
    found = calls(graph.callers("shop/cart.py:total", 3).items)
    assert found[:5] == first
    assert sorted(found[5:]) == [
        (2, "shop/cart.py:Cart.add", "Cart.sum"),
        (2, "shop/late.py:late", "due"),
        (2, "tests/test_bill.py:test_due", "due"),
        (2, "tests/test_cart.py:test_sum", "Cart.sum"),
    ]


def test_callees_by_depth(graph: Graph) -> None:
    assert calls(graph.callees("late").items) == [(1, "shop/bill.py:due", "late")]
    assert calls(graph.callees("late", 3).items) == [
        (1, "shop/bill.py:due", "late"),
        (2, "shop/cart.py:total", "due"),
        (3, "shop/cart.py:price", "total"),
    ]


def test_neighbours_of_a_symbol(graph: Graph) -> None:
    found = {(one.relation, one.path, one.symbol) for one in graph.neighbours("Cart").items}
    assert found == {
        ("base", "shop/basket.py", "Basket"),
        ("uses", "shop/cart.py", "total"),
        ("importer", "shop/__init__.py", ""),
        ("test", "tests/test_cart.py", "test_sum"),
        ("changed", "shop/bill.py", ""),
    }
    assert [one.relation for one in graph.neighbours("Basket").items if one.symbol == "Cart"] == ["derived"]


def test_neighbours_of_a_file(graph: Graph) -> None:
    found = {(one.relation, one.path) for one in graph.neighbours("shop/bill.py").items}
    assert found == {
        ("imports", "shop/cart.py"), ("importer", "shop/late.py"), ("uses", "shop/cart.py"),
        ("test", "tests/test_bill.py"), ("changed", "shop/cart.py"),
    }  # fmt: skip


def test_tests_by_use_by_name_and_by_common_changes(graph: Graph) -> None:
    (first, *rest) = graph.tests_of("shop/bill.py").items
    assert (first.path, first.why) == ("tests/test_bill.py", ("uses", "name", "changed"))
    assert not rest
    (one,) = [row for row in graph.tests_of("Cart.sum").items if "uses" in row.why]
    assert (one.path, one.tests, one.lines) == ("tests/test_cart.py", ("test_sum",), (5,))
    assert graph.tests_of("nowhere").items == ()


def test_the_subject_of_a_test(graph: Graph) -> None:
    first = graph.tests_of("tests/test_bill.py").items[0]
    assert (first.path, first.tests, first.why) == ("shop/bill.py", ("due",), ("uses", "name", "changed"))


def test_outline_is_in_the_order_of_the_lines(graph: Graph) -> None:
    assert [one.name for one in graph.outline("cart.py").items] == ["total", "Cart", "Cart.sum", "Cart.add", "price"]
    assert graph.outline("shop/cart.py", limit=2).cut == 3
    assert graph.outline("nowhere.py").items == ()


def test_near_names_for_one_that_is_not_there(graph: Graph) -> None:
    assert graph.near("totl")[0] == "total"
    assert graph.near("shop/bil.py")[0] == "bill.py"
    assert graph.near("zzzzzz") == []


@given(
    st.text(max_size=40) | st.sampled_from(["::", "a::", "/:x", "shop/cart.py:", "shop/cart.py::", "#", "\\\\", "./"])
)
def test_no_name_breaks_a_question(name: str) -> None:
    graph = Graph(shop())
    for found in (
        graph.symbols(name), graph.references(name), graph.callers(name, 2), graph.callees(name, 2),
        graph.neighbours(name), graph.tests_of(name), graph.outline(name),
    ):  # fmt: skip
        assert found.cut >= 0


def test_answers_are_json_both_ways(graph: Graph) -> None:
    found = graph.references("total")
    assert type(found).from_json(found.to_json()) == found
