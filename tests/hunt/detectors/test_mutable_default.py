"""A default that calls share."""

from pathlib import Path

from tests.hunt.trees import found


def test_the_argument_that_is_shared_is_named(tmp_path: Path) -> None:
    code = "class Box:\n    def __init__(self, name=None, items=[]):\n        items.append(name)\n"
    (each,) = found(tmp_path, "mutable-default", {"a.py": code}, confidence=0.6)
    assert each.message.startswith("The default of items in __init__()")
    assert "items=None" in each.fix
