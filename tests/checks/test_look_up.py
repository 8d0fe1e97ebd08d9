"""What the tool loop asks of the real sandbox besides tests."""

import pytest

from factory.checks.look_up import about_package, run_command
from tests.checks.conftest import Files, MakeHouse, Steps

PLAIN: Files = {
    "package.json": '{"name": "x"}',
    "node_modules/left/package.json": '{"name": "left", "version": "1.2.3", "description": "Pads.", "main": "a.js"}',
    "Makefile": "x:\n\t@echo made; ls\n",
}
PYTHON: Files = {
    "pyproject.toml": '[project]\nname = "thing"\nversion = "1"\ndependencies = ["six==1.17.0"]\n',
    "tests/test_it.py": "def test_it():\n    import six\n",
    "six.py": "raise SystemExit('imported')\n",
}


def test_a_command_runs_on_the_tree_and_says_how_it_ended(house: MakeHouse) -> None:
    made = house(PLAIN, {"new.txt": "1\n"})
    said = run_command(made.bench(), Steps(), made.tree, "make x")
    assert said.startswith("make x: passed, exit code 0.\nmade\n")
    assert "new.txt" in said
    assert "exit code 3" in run_command(made.bench(), Steps(), made.tree, "echo no; exit 3")


def test_a_package_that_is_not_installed_is_looked_up_in_the_lock_files(house: MakeHouse) -> None:
    made = house({"Cargo.lock": '[[package]]\nname = "left"\nversion = "1.2.3"\n'})
    said = about_package(made.bench(), Steps(), made.base, "left")
    assert said.strip() == 'left is not installed.\nCargo.lock: name = "left" version = "1.2.3"'


def test_a_package_of_node(house: MakeHouse) -> None:
    made = house({name: text for name, text in PLAIN.items() if name.startswith("node_modules")})
    said = about_package(made.bench(), Steps(), made.base, "left")
    assert said.startswith("left 1.2.3 (installed): Pads.")
    assert '"main": "a.js"' in said


@pytest.mark.network
def test_a_package_of_python_is_read_and_not_imported(house: MakeHouse) -> None:
    made = house(PYTHON)
    said = about_package(made.bench(), Steps(), made.base, "six")
    assert said.startswith("six 1.17.0 (installed): Python 2 and 3 compatibility utilities")
    assert "six exports: " in said
    assert "imported" not in said
