import pytest

from factory.codegraph.rank.index import index_of
from factory.codegraph.rank.issue import read_issue
from factory.codegraph.rank.rank import fitted, ranked
from factory.codegraph.rank.signals import Signals, signals_of
from factory.codegraph.view import Commit
from tests.codegraph.rank.ranking import Held

SHOP = {
    "shop/cart.py": "from shop.price import total\n\nclass Cart:\n    def checkout(self):\n        total(self)\n",
    "shop/price.py": "def total(cart):\n    return sum(cart.items)\n\ndef round_half_up(amount):\n    return amount\n",
    "shop/mail.py": "def send_mail(to):\n    '''Mails the customer a receipt.'''\n",
    "shop/log.py": "def log(line):\n    print(line)\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\ndef test_checkout_of_nothing():\n    Cart().checkout()\n",
    "README.md": "# Shop\n\nA cart and its checkout, a receipt by mail.\n",
}


def signals(issue: str) -> Signals:
    return signals_of(index_of(Held(SHOP)), read_issue(issue))


def paths(issue: str, view: Held | None = None) -> list[str]:
    return [found.path for found in ranked(view or Held(SHOP), issue)]


@pytest.mark.parametrize(
    ("issue", "path"),
    [
        ("Checkout of an empty cart fails", "shop/cart.py"),
        ("The amount is rounded to the wrong half", "shop/price.py"),
        ("Customers get their receipt twice", "shop/mail.py"),
        ("It fails in `round_half_up`", "shop/price.py"),
        ("Wrong result\n\nsee shop/log.py for it", "shop/log.py"),
        ('Crash\n\nTraceback:\n  File "/srv/shop/mail.py", line 1, in send_mail', "shop/mail.py"),
    ],
)
def test_the_file_that_an_issue_is_about_comes_first(issue: str, path: str) -> None:
    assert paths(issue)[0] == path


def test_code_comes_before_its_tests_and_prose() -> None:
    found = paths("checkout cart")
    assert found.index("shop/cart.py") < found.index("tests/test_cart.py")
    assert found.index("shop/cart.py") < found.index("README.md")


def test_what_was_built_stands_aside() -> None:
    view = Held(SHOP | {"dist/cart.py": SHOP["shop/cart.py"] + "# built\n"})
    assert set(signals_of(index_of(view), read_issue("checkout cart")).table["aside"]) == {"dist/cart.py"}


def test_a_line_of_a_trace_is_the_first_to_show() -> None:
    found = ranked(Held(SHOP), 'It crashes\n\n  File "shop/price.py", line 2, in total\nTypeError')
    assert found[0].path == "shop/price.py"
    assert found[0].focus[0] == 2
    assert "trace" in found[0].why


def test_what_a_likely_file_uses_comes_into_question_without_a_word_of_the_issue() -> None:
    assert "shop/price.py" in signals("checkout").pool


def test_past_changes_that_sound_alike_point_at_their_files() -> None:
    past = [Commit("a" * 40, 1.0, "Fix the greeting of returning visitors", ("shop/log.py",))]
    assert paths("Visitors are greeted by the greeting twice", Held(SHOP, past))[0] == "shop/log.py"


def test_the_same_issue_gives_the_same_order() -> None:
    issue = "total of the cart is wrong at checkout, the receipt says it"
    assert ranked(Held(SHOP), issue) == ranked(Held(dict(reversed(SHOP.items()))), issue)


@pytest.mark.parametrize("issue", ["", "???", "zzz qqq", "\0" * 10, "a" * 100_000, "(" * 5000])
def test_a_text_that_says_nothing_finds_nothing_and_breaks_nothing(issue: str) -> None:
    assert ranked(Held(SHOP), issue) == []


def test_an_empty_tree_has_no_files() -> None:
    assert ranked(Held({}), "checkout of a cart") == []


def test_no_more_than_asked_for() -> None:
    assert len(ranked(Held(SHOP), "cart checkout receipt total", limit=2)) == 2


def test_every_weight_is_of_a_signal() -> None:
    assert set(signals("cart").table) | {"embedded"} >= set(fitted())


def test_the_weights_are_data() -> None:
    assert paths("checkout cart") != [
        found.path for found in ranked(Held(SHOP), "checkout cart", weights={"test": 1.0})
    ]


def test_words_of_folders_alone_find_without_harm() -> None:
    assert paths("everything in the shop") != []
