from collections.abc import Sequence
from pathlib import Path

from factory.codegraph.rank.embeddings import kept
from factory.codegraph.rank.rank import ranked
from tests.codegraph.rank.ranking import Held

FILES = {
    "shop/basket.py": "def hold(item):\n    'Keeps a thing.'\n",
    "shop/cart.py": "def hold(item):\n    'Keeps a thing.'\n",
    "shop/dock.py": "def hold(item):\n    'Keeps a thing.'\n",
}


class Vectors:
    """Says that texts are alike when they speak of carts; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        self.asked += texts
        return [[1.0, 0.0] if "cart" in text or "trolley" in text else [0.0, 1.0] for text in texts]


def test_meaning_brings_a_file_forward_that_words_do_not() -> None:
    issue = "The trolley cannot hold a thing"
    assert ranked(Held(FILES), issue)[0].path == "shop/basket.py"
    found = ranked(Held(FILES), issue, embed=Vectors(), weights={"body": 1.0, "embedded": 1.0})
    assert found[0].path == "shop/cart.py"
    assert "close in meaning" in found[0].why


def test_a_text_is_asked_for_once(tmp_path: Path) -> None:
    vectors = Vectors()
    first = kept(vectors, tmp_path / "graph" / "vectors.db", "small")(["cart", "dock", "cart"])
    again = kept(vectors, tmp_path / "graph" / "vectors.db", "small")(["dock", "cart", "new"])
    assert [list(vector) for vector in first] == [[1, 0], [0, 1], [1, 0]]
    assert [list(vector) for vector in again] == [[0, 1], [1, 0], [0, 1]]
    assert vectors.asked == ["cart", "dock", "new"]


def test_another_model_has_vectors_of_its_own(tmp_path: Path) -> None:
    vectors = Vectors()
    kept(vectors, tmp_path / "vectors.db", "small")(["cart"])
    kept(vectors, tmp_path / "vectors.db", "large")(["cart"])
    assert vectors.asked == ["cart", "cart"]
