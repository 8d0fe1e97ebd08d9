import pytest

from factory.codegraph.rank.issue import MAX_NAMES, MAX_WORDS, read_issue


def test_names_that_look_like_code_are_sure() -> None:
    issue = read_issue("`total` of the Cart is wrong\n\nparse_price() and maxItems differ from price.Amount")
    assert {"total", "parse_price", "maxItems", "Amount"} <= issue.sure
    assert "Cart" in issue.names
    assert "Cart" not in issue.sure


def test_the_first_line_is_the_title() -> None:
    issue = read_issue("\n\nCarts lose items\n\nAfter checkout they are empty")
    assert set(issue.title) == {"cart", "lose", "item"}
    assert "checkout" in issue.words


@pytest.mark.parametrize(
    ("trace", "place", "frame"),
    [
        ('Traceback:\n  File "/srv/shop/cart.py", line 12, in total\n', ("/srv/shop/cart.py", 12), "total"),
        ("Error\n    at Cart.total (src/cart.js:12:7)\n", ("src/cart.js", 12), "total"),
        ("panic\n\nshop/cart.(*Cart).Total(0xc000)\n\t/srv/shop/cart.go:12 +0x1d\n", ("srv/shop/cart.go", 12), "Total"),
        ("Exception\n\tat shop.Cart.total(Cart.java:12)\n", ("Cart.java", 12), "total"),
        ("panicked\n   3: shop::cart::total\n             at src/cart.rs:12:9\n", ("src/cart.rs", 12), "total"),
    ],
)
def test_traces_give_places_and_functions(trace: str, place: tuple[str, int], frame: str) -> None:
    issue = read_issue(trace)
    assert place in issue.places
    assert frame in issue.frames


def test_paths_are_found_as_written() -> None:
    assert read_issue("see ./shop/cart.py, or docs/guide").paths == ("shop/cart.py", "docs/guide")


def test_a_long_text_is_read_in_part() -> None:
    issue = read_issue(" ".join(f"word{'abcdefghij'[n % 10]}{n}x" for n in range(5000)))
    assert len(issue.names) <= MAX_NAMES
    assert len(issue.words) <= MAX_WORDS
