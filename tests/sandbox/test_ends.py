"""However a job ends, it ends completely: killed from outside, interrupted, its factory killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.sandbox import Job
from factory.git import Store
from factory.sandbox.bubblewrap import Bubblewrap
from tests.sandbox.conftest import SMALL

FACTORY = """
import sys
from pathlib import Path
from factory.contracts.sandbox import Job
from factory.git import Store
from factory.sandbox.{module} import {name}
from factory.contracts.tables import SandboxSettings
sandbox = {name}(Store(Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]), SandboxSettings())
sandbox.run(Job(tree=sys.argv[4], command=("sh", "-c", "(setsid sleep {mark}.1 &) ; sleep {mark}.2")))
"""


def running(mark: str) -> Iterator[int]:
    """Processes of this machine whose command is a sleep with the mark."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes().startswith(b"sleep\0" + mark.encode()):
                yield int(path.parent.name)


def wait_for(mark: str, count: int) -> list[int]:
    deadline = time.monotonic() + 15
    while len(found := list(running(mark))) != count and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_killed_from_outside(sandbox: Bubblewrap, tree: str) -> None:
    mark = f"60{os.getpid()}"
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(sandbox.run, Job(tree=tree, command=("sleep", mark), limits=SMALL))
        (pid,) = wait_for(mark, 1)
        status = Path(f"/proc/{pid}/status").read_text()
        os.kill(int(status.split("PPid:")[1].split()[0]), signal.SIGKILL)
        result = job.result()
    assert (result.status, result.exit_code) == ("killed", 137)
    assert wait_for(mark, 0) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
@pytest.mark.parametrize(("module", "name"), [("bubblewrap", "Bubblewrap"), ("unconfined", "Unconfined")])
def test_the_factory_ends(store: Store, tree: str, tmp_path: Path, module: str, name: str, ending: int) -> None:
    mark = f"61{ending}{len(name)}{os.getpid()}"
    program = FACTORY.format(module=module, name=name, mark=mark)
    arguments = [str(store.folder), str(store.target), str(tmp_path / "state"), tree]
    factory = subprocess.Popen([sys.executable, "-c", program, *arguments], stderr=subprocess.DEVNULL)
    try:
        assert len(wait_for(mark, 2)) == 2
        factory.send_signal(ending)
        factory.wait(15)
        assert wait_for(mark, 0) == []
    finally:
        factory.kill()
        factory.wait()
