"""Changed functions that no test reaches."""

from pathlib import Path

from factory.hunt.untested import untested
from tests.hunt.trees import found, tree


def test_without_the_graph_nothing_is_claimed(tmp_path: Path) -> None:
    ground = tree(tmp_path, {"a.py": "def f(x):\n    a = x\n    b = a\n    c = b\n    return c\n"})
    assert list(untested(ground)) == []
    assert found(tmp_path, "untested-symbol", {"a.py": "x = 1\n"}) == ()
