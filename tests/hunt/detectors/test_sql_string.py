"""Values in the text of SQL."""

from pathlib import Path

from tests.hunt.trees import found


def test_the_value_is_named(tmp_path: Path) -> None:
    code = "def f(c, name):\n    c.execute(f\"SELECT id FROM users WHERE name = '{name}'\")\n"
    (each,) = found(tmp_path, "sql-string", {"a.py": code}, confidence=0.6)
    assert "values: name." in each.message
    assert each.category == "CWE-89"


def test_names_of_tables_cannot_be_parameters(tmp_path: Path) -> None:
    code = 'def f(c, table):\n    c.execute(f"SELECT id FROM {table} WHERE a = 1")\n'
    assert not found(tmp_path, "sql-string", {"a.py": code}, confidence=0)


def test_what_the_program_itself_made_is_below_the_default(tmp_path: Path) -> None:
    code = "def f(c):\n    now = stamp()\n    c.execute(f\"UPDATE users SET seen = '{now}'\")\n"
    (each,) = found(tmp_path, "sql-string", {"a.py": code}, confidence=0)
    assert each.confidence == 0.55
