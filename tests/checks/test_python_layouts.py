"""The tests import the candidate's code: not an installed release, not somebody's editable install."""

import json

import pytest

from factory.checks.reports import counts_of
from tests.checks.conftest import MakeHouse, rules

pytestmark = pytest.mark.network  # the environments are installed from the package index

SETUP = '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\nbuild-backend = "setuptools.build_meta"\n'
PROJECT = SETUP + '\n[project]\nname = "{name}"\nversion = "1"\n'
TEST = "from {package} import WHO\n\n\ndef test_who():\n    assert WHO == 'candidate'\n"


def test_src_layout(house: MakeHouse) -> None:
    files = {
        "pyproject.toml": PROJECT.format(name="thing"),
        "src/thing/__init__.py": "WHO = 'base'\n",
        "tests/test_thing.py": TEST.format(package="thing"),
    }
    made = house(files, {"src/thing/__init__.py": "WHO = 'candidate'\n"})
    bench = made.bench()
    found = made.prove(bench)
    assert found.suites[0].fixed == ("tests/test_thing.py::test_who",)
    assert "imports_elsewhere" not in rules(found)
    assert len({install.key for install in bench.sandbox.installs}) == 1


def test_namespace_package(house: MakeHouse) -> None:
    files = {
        "pyproject.toml": PROJECT.format(name="thing") + '[tool.setuptools.packages.find]\nwhere = ["src"]\n',
        "src/thing/part/__init__.py": "WHO = 'base'\n",
        "tests/test_thing.py": TEST.format(package="thing.part"),
    }
    found = house(files, {"src/thing/part/__init__.py": "WHO = 'candidate'\n"}).prove()
    assert found.suites[0].fixed == ("tests/test_thing.py::test_who",)


def test_version_from_git_tags(house: MakeHouse) -> None:
    """The exported copy has no `.git`: the version is handed in."""
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\n'
        'build-backend = "setuptools.build_meta"\n\n[project]\nname = "thing"\ndynamic = ["version"]\n\n'
        '[tool.setuptools_scm]\nversion_file = "src/tagged/_version.py"\n',
        ".gitignore": "_version.py\n",
        "CHANGELOG.md": "# Changes\n\n## 3.4.0\n",
        "src/tagged/__init__.py": "from tagged._version import version\n\nWHO = 'base'\n",
        "tests/test_tagged.py": TEST.format(package="tagged")
        + "\n\ndef test_version():\n    import tagged\n    from importlib.metadata import version\n"
        "    assert tagged.version == version('thing') == '3.4.0'\n",
    }
    change = {"src/tagged/__init__.py": files["src/tagged/__init__.py"].replace("base", "candidate")}
    found = house(files, change).prove()
    assert found.suites[0].base.counts.passed == 1
    assert found.suites[0].candidate.counts.passed == 2


def test_an_installed_release_of_the_project_is_never_what_is_tested(house: MakeHouse) -> None:
    """`six` is on every index; here a requirement brings it in, and the project of that name must win."""
    files = {
        "pyproject.toml": PROJECT.format(name="six"),
        "src/six/__init__.py": "WHO = 'base'\n",
        "tests/test_it.py": TEST.format(package="six"),
    }
    made = house(files, {"src/six/__init__.py": "WHO = 'candidate'\n"})
    found = made.prove(made.bench(install=("six",)))
    assert found.suites[0].fixed == ("tests/test_it.py::test_who",)
    assert "imports_elsewhere" not in rules(found)


def test_a_project_that_cannot_be_built_falls_back_to_the_path_and_says_so(house: MakeHouse) -> None:
    files = {
        "pyproject.toml": PROJECT.format(name="thing").replace("setuptools.build_meta", "missing"),
        "src/thing/__init__.py": "WHO = 'candidate'\n",
        "tests/test_thing.py": TEST.format(package="thing"),
    }
    found = house(files, {"README": "x\n"}).prove()
    assert found.green
    assert any("could not be installed as a link" in note for note in found.notes)


def test_flat_pytest_with_parameters_classes_and_a_broken_file(house: MakeHouse) -> None:
    text = "import pytest\n\n\nclass TestIt:\n    @pytest.mark.parametrize('n', [1, 2])\n    def test_n(self, n):\n"
    text += "        assert n\n\n\n@pytest.mark.skip\ndef test_s():\n    pass\n\n\n"
    text += "@pytest.mark.xfail\ndef test_x():\n    assert 0\n"
    made = house(
        {"test_a.py": text, "test_b.py": "def test_b():\n    assert 1\n", "mod.py": ""},
        {"test_b.py": "import nothing\n"},
    )
    bench = made.bench()
    found = made.prove(bench)
    cases = json.loads(bench.blobs.get(found.suites[0].base.cases))
    assert cases == {
        "test_a.py::TestIt::test_n[1]": "passed",
        "test_a.py::TestIt::test_n[2]": "passed",
        "test_a.py::test_s": "skipped",
        "test_a.py::test_x": "skipped",
        "test_b.py::test_b": "passed",
    }
    assert counts_of(cases.values()) == found.suites[0].base.counts
    assert not found.green
    own = found.suites[1]
    assert own.broken == ("test_b.py",)
