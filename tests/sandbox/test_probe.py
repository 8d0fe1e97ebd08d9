"""What `factory doctor` hears, and what a run hears without bubblewrap."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from factory.git import Store
from factory.sandbox.probe import probe, weaker

NO_BWRAP = """
import sys
from pathlib import Path
from factory.contracts.errors import Stopped
from factory.contracts.sandbox import Job
from factory.git import Store
from factory.sandbox.bubblewrap import Bubblewrap
from factory.contracts.tables import SandboxSettings
sandbox = Bubblewrap(Store(Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]), SandboxSettings())
try:
    sandbox.run(Job(tree=sys.argv[4], command=("true",)))
except Stopped as error:
    print(error.reason, error.exit_code, error)
"""


def test_the_probe_starts_a_real_sandbox() -> None:
    found = probe()
    assert found.works, found.remedy
    assert found.description in ("bubblewrap (root)", "bubblewrap (user)")
    assert found.version[0].isdigit()


def test_an_ordinary_user_hears_what_is_weaker() -> None:
    assert any("your own user id" in sentence for sentence in weaker(root=False))
    assert all(sentence.endswith(".") for sentence in weaker(root=False))


def test_without_bubblewrap_nothing_runs_and_the_remedy_is_named(store: Store, tree: str, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(str(shutil.which("git")))
    arguments = [str(store.folder), str(store.target), str(tmp_path / "state"), tree]
    done = subprocess.run(
        [sys.executable, "-c", NO_BWRAP, *arguments], capture_output=True, text=True,
        env={"PATH": str(programs), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
    )  # fmt: skip
    assert done.stdout.startswith("sandbox_unavailable 2 bubblewrap is not installed: install it (apt-get install")
    assert done.stderr == ""
