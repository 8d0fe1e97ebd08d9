"""What a draft may put into an environment that later runs use: nothing."""

import pytest

from factory.checks.prove import try_tests
from tests.checks.conftest import Files, House, MakeHouse, Steps

pytestmark = pytest.mark.network  # the environments are installed from the package index

VERSION = "V = '1'\n"
POISON = VERSION + (
    "import glob\n\nfor folder in glob.glob('/deps/venv/lib/python3*/site-packages'):\n"
    "    with open(folder + '/evil.pth', 'w') as file:\n"
    "        file.write(\"import os; os.environ['FORGED'] = '1'\\n\")\n"
)
SETUP = "from setuptools import setup\n\nnames = {}\nexec(open('pkg/version.py').read(), names)\n"
SETUP += "setup(name='thing', version=names['V'], packages=['pkg'])\n"
TEST = "import os\nimport unittest\nimport pkg\n\n\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n"
TEST += "        self.assertNotIn('FORGED', os.environ)\n        self.assertTrue(pkg)\n"
BASE: Files = {"setup.py": SETUP, "pkg/__init__.py": "", "pkg/version.py": VERSION, "tests/test_it.py": TEST}
STATIC = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n'
STATIC += '[project]\nname = "thing"\nversion = "1"\ndependencies = ["six"]\n'


def exported(made: House, tree: str) -> set[str]:
    return set(made.bench().trees.entries(tree))


def test_a_draft_s_code_does_not_reach_the_environment_of_the_base(house: MakeHouse) -> None:
    """The tool loop tries the draft before the base was ever installed; the base's tests ran with its .pth."""
    made = house({**BASE, "pkg/__init__.py": "HERE = 1\n"}, {"pkg/version.py": POISON})
    bench = made.bench()
    try_tests(bench, Steps(), made.tree)
    assert try_tests(bench, Steps(), made.base).outcome.status == "passed"


def test_where_the_base_is_known_its_own_tree_is_installed_for_both(house: MakeHouse) -> None:
    """`prove` knows it; the tool loop is told."""
    made = house({**BASE, "pkg/__init__.py": "HERE = 2\n"}, {"pkg/version.py": POISON})
    bench, told = made.bench(), made.bench(base=made.base)
    assert made.prove(bench).suites[0].candidate.status == "passed"
    assert try_tests(told, Steps(), made.tree).outcome.status == "passed"
    installs = [*bench.sandbox.installs, *told.sandbox.installs]
    assert {install.tree for install in installs} == {made.base}
    assert len({install.key for install in installs}) == 1


def test_a_changed_manifest_gets_an_environment_of_its_own(house: MakeHouse) -> None:
    change = {"setup.py": SETUP + "# more\n", "pkg/version.py": POISON}
    made = house({**BASE, "pkg/__init__.py": "HERE = 4\n"}, change)
    bench = made.bench()
    found = made.prove(bench)
    assert found.suites[0].base.status == "passed"
    assert {install.tree for install in bench.sandbox.installs} == {made.base, made.tree}
    assert len({install.key for install in bench.sandbox.installs}) == 2
    assert found.suites[0].candidate.status == "failed"


def test_an_installation_from_plain_metadata_sees_the_manifests_only(house: MakeHouse) -> None:
    """No code of the project is there that could run, and nothing that the key does not name."""
    files = {"pyproject.toml": STATIC, "src/thing/__init__.py": "", "tests/test_it.py": TEST.replace("pkg", "thing"),
             "requirements-dev.txt": "-r other/list.txt\n", "other/list.txt": "# none\n", "uv.toml": ""}  # fmt: skip
    made = house(files, {"src/thing/__init__.py": "NEW = 1\n", "pyproject.toml": STATIC + "[tool.ruff]\n"})
    bench = made.bench()
    made.prove(bench)
    assert {install.key for install in bench.sandbox.installs} == {bench.sandbox.installs[0].key}
    manifests = {"pyproject.toml", "requirements-dev.txt", "other/list.txt", "uv.toml"}
    assert exported(made, bench.sandbox.installs[0].tree) == manifests


def test_a_draft_s_pytest_py_is_not_run_while_pytest_is_looked_for(house: MakeHouse) -> None:
    test = "import os\n\n\ndef test_it():\n    assert 'FORGED' not in os.environ\n"
    made = house({"test_it.py": test, "pytest.ini": "[pytest]\naddopts = -v\n"}, {"pytest.py": POISON})
    bench = made.bench(install=("six",))
    try_tests(bench, Steps(), made.tree)
    assert try_tests(bench, Steps(), made.base).outcome.status == "passed"
