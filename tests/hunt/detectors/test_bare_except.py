"""An except without a type."""

from pathlib import Path

from tests.hunt.trees import found


def test_the_message_names_what_to_write(tmp_path: Path) -> None:
    (each,) = found(
        tmp_path,
        "bare-except",
        {"a.py": "def f():\n    try:\n        g()\n    except:\n        return 1\n"},
        confidence=0.6,
    )
    assert (each.start, each.category, each.evidence) == (4, "CWE-396", "except:")
    assert "except Exception" in each.fix


def test_an_optional_import_may_have_one(tmp_path: Path) -> None:
    assert not found(tmp_path, "bare-except", {"a.py": "try:\n    import fast\nexcept:\n    fast = None\n"})
