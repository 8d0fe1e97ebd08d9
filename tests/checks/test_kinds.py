"""Other languages: really run where the machine has the tools."""

import json
import shutil
from pathlib import Path

import pytest

import factory.checks.kinds as kinds
from factory.checks.discover import discover, setup_of
from factory.checks.kinds import KINDS
from factory.checks.source import Source
from factory.contracts.tables import CheckSettings
from factory.git import Store
from tests.checks.conftest import House, MakeHouse, rules

NODE_TEST = "const test = require('node:test');\nconst assert = require('node:assert');\n"
NODE_TEST += "const add = require('../add.js');\n"
NODE_TEST += "test.describe('add', () => {\n  test('two', () => assert.equal(add(1, 1), 2));\n});\n"
PACKAGE = {"name": "shop", "version": "1.0.0", "scripts": {"test": "node --test tests/"}}
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
needs_cargo = pytest.mark.skipif(not shutil.which("cargo"), reason="cargo is not installed")


def found_in(house: House, **settings: object) -> list[str]:
    store = Store(house.folder.parent / "store.git", house.folder)
    return [suite.name for suite in discover(Source(store, house.base), CheckSettings(**settings))]  # type: ignore[arg-type]


def test_registry_folder_and_docs_agree() -> None:
    """STYLE 8."""
    modules = {path.stem for path in Path(str(kinds.__file__)).parent.glob("*.py")} - {"__init__"}
    assert list(KINDS) == sorted(modules)
    text = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
    assert all(f"### {name}\n" in text for name in KINDS)


@needs_node
def test_node_test_is_counted_and_a_rewritten_script_does_not_help(house: MakeHouse) -> None:
    base = {"package.json": json.dumps(PACKAGE), "add.js": "module.exports = (a, b) => a + b;\n",
            "tests/add.test.js": NODE_TEST}  # fmt: skip
    lazy = {**PACKAGE, "version": "1.0.1", "scripts": {"test": "true"}}
    made = house(base, {"add.js": "module.exports = (a, b) => a - b;\n", "package.json": json.dumps(lazy)})
    found = made.prove()
    assert found.suites[0].name == "npm test"
    assert found.suites[0].base.counts.passed == 1
    assert found.suites[0].broken == ("add > two",)
    assert not found.green


@needs_node
def test_a_repository_with_two_languages_runs_both(house: MakeHouse) -> None:
    made = house({
        "package.json": json.dumps({**PACKAGE, "scripts": {"test": "node check.js"}}), "check.js": "",
        "calc.py": "A = 1\n", "test_calc.py": "import unittest\n\n\nclass T(unittest.TestCase):\n"
        "    def test_it(self):\n        pass\n",
    }, {"calc.py": "A = 2\n"})  # fmt: skip
    found = made.prove()
    assert [suite.name for suite in found.suites] == ["npm test", "unittest"]
    assert [suite.candidate.counted for suite in found.suites] == [False, True]
    assert any("only its exit code was compared" in note for note in found.notes)
    assert found.green


@needs_cargo
def test_cargo_without_dependencies(house: MakeHouse) -> None:
    base = {
        "Cargo.toml": '[package]\nname = "calc"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/lib.rs": "pub fn add(a: i32, b: i32) -> i32 { a + b }\n\n#[cfg(test)]\nmod tests {\n"
        "    #[test]\n    fn adds() { assert_eq!(super::add(1, 1), 2); }\n}\n",
    }
    wrong = base["src/lib.rs"].replace("a + b", "a - b")
    made = house(base, {"src/lib.rs": wrong})
    found = made.prove()
    assert found.suites[0].base.counts.passed == 1
    assert found.suites[0].broken == ("src/lib.rs::tests::adds",)
    assert "test_broken" in rules(found)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"go.mod": "module x\n", "a_test.go": "package x\n"}, ["go test"]),
        ({"go.mod": "module x\n", "a.go": "package x\n"}, []),
        ({"pom.xml": "<project/>", "src/test/java/ATest.java": ""}, ["maven"]),
        ({"app/build.gradle": "", "app/src/test/java/ATest.java": ""}, ["gradle in app"]),
        ({"package.json": '{"scripts": {"test": "jest"}, "packageManager": "pnpm@9"}'}, ["pnpm test"]),
        ({"package.json": '{"scripts": {"test": "x"}}', "yarn.lock": ""}, ["yarn test"]),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, []),
        ({"package.json": "not json"}, []),
        ({"back/setup.py": "", "back/test_a.py": "def test_a(): pass\n", "front/package.json":
          '{"scripts": {"test": "x"}}'}, ["npm test in front", "pytest in back"]),
        ({"node_modules/x/package.json": '{"scripts": {"test": "x"}}', "a.txt": ""}, []),
    ],
)  # fmt: skip
def test_discovery(house: MakeHouse, files: dict[str, str], names: list[str]) -> None:
    assert found_in(house(files)) == names


def test_tox_and_nox_run_when_the_settings_name_them(house: MakeHouse) -> None:
    made = house({"tox.ini": "[tox]\n", "noxfile.py": "", "a.py": ""})
    assert found_in(made) == []
    assert found_in(made, tox=("py",), nox=("tests",)) == ["nox -s tests", "tox -e py"]


def test_the_environment_s_key_hashes_what_matters_and_nothing_else(house: MakeHouse) -> None:
    text = '[build-system]\nrequires = ["setuptools"]\n\n[project]\nname = "a"\nversion = "{}"\ndependencies = [{}]\n'
    made = house({"pyproject.toml": text.format("1", ""), "a.py": "", "test_a.py": "def test_a(): pass\n"})
    other = made.commit({"pyproject.toml": text.format("2", "")})
    more = made.commit({"pyproject.toml": text.format("2", '"six"')})
    store = Store(made.folder.parent / "store.git", made.folder)
    keys = []
    for tree in (made.base, other, more):
        source = Source(store, tree)
        setup = setup_of(source, discover(source, CheckSettings())[0], CheckSettings())
        assert setup is not None
        keys.append(setup.key)
    assert keys[0] == keys[1]
    assert keys[1] != keys[2]


@pytest.mark.network
@pytest.mark.parametrize(("name", "settings"), [("tox -e py", {"tox": ("py",)}), ("nox -s tests", {"nox": ("tests",)})])
def test_tox_and_nox_sessions_run_offline_on_the_change_s_code(
    house: MakeHouse, name: str, settings: dict[str, tuple[str, ...]]
) -> None:
    made = house({
        "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '\n[project]\nname = "thing"\nversion = "1"\n',
        "tox.ini": "[testenv]\ndeps = pytest\ncommands = pytest\n",
        "noxfile.py": "import nox\n\n\n@nox.session\ndef tests(session):\n    session.install('pytest', '.')\n"
        "    session.run('pytest')\n",
        "src/thing/__init__.py": "WHO = 'base'\n",
        "tests/test_thing.py": "from thing import WHO\n\n\ndef test_who():\n    assert WHO == 'candidate'\n",
    }, {"src/thing/__init__.py": "WHO = 'candidate'\n"})  # fmt: skip
    found = made.prove(made.bench(**settings))
    suite = next(suite for suite in found.suites if suite.name == name)
    assert suite.fixed == ("tests/test_thing.py::test_who",), found.notes


@pytest.mark.network
@needs_node
def test_npm_dependencies_are_installed_once_and_linked(house: MakeHouse) -> None:
    package = {**PACKAGE, "dependencies": {"is-odd": "*"}, "scripts": {"test": "node --test"}}
    text = "const test = require('node:test');\ntest('it', () => { if (!require('is-odd')(3)) throw 1; });\n"
    made = house({"package.json": json.dumps(package), "a.test.js": text}, {"README": ""})
    found = made.prove()
    assert found.suites[0].candidate.counts.passed == 1, found.notes
