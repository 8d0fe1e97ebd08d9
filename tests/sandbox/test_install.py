"""An environment is installed through the allow-list proxy, once, and used without a network."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.sandbox import Install, Job
from factory.contracts.tables import SandboxSettings
from factory.git import Store
from factory.sandbox import launch
from factory.sandbox.bubblewrap import Bubblewrap
from tests.sandbox.conftest import SMALL
from tests.sandbox.index import serve

UV = "uv venv -q /deps/venv && uv pip install -q --python /deps/venv/bin/python tiny"


def make(store: Store, state: Path, url: str, root: bool = True) -> Bubblewrap:
    if root and not launch.as_root():
        pytest.skip("not started as root")
    pip = {"PIP_INDEX_URL": url, "PIP_CONFIG_FILE": "/dev/null"}
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **pip}
    return Bubblewrap(store, state, SandboxSettings(), environment, root=root)


@pytest.mark.parametrize("root", [True, False], ids=["root", "user"])
def test_install_then_run_offline(store: Store, tree: str, tmp_path: Path, root: bool) -> None:
    with serve() as (url, asked):
        sandbox = make(store, tmp_path / "state", url, root)
        install = Install(key="tiny-1", tree=tree, commands=(("sh", "-c", UV),))
        first = sandbox.install(install)
        assert (first.ok, first.cached) == (True, False), first.log
        count = len(asked)
        assert count >= 2
        second = sandbox.install(install)
        assert (second.ok, second.cached) == (True, True)
        assert len(asked) == count
    script = "import sys, tiny; print(sys.prefix, tiny.ANSWER, flush=True); open('/deps/x', 'w')"
    result = sandbox.run(Job(tree=tree, command=("python", "-c", script), deps="tiny-1", limits=SMALL))
    assert result.output.startswith("/deps/venv 42\n")
    assert "Read-only file system" in result.output
    assert sorted(path.name for path in (tmp_path / "state" / "envs").iterdir()) == [".tiny-1.lock", "tiny-1"]


def test_every_other_host_is_refused_and_named(store: Store, tree: str, tmp_path: Path) -> None:
    program = """
import socket, urllib.request
for url in ("http://example.org/", "https://example.org/", "http://127.0.0.1:1/", "http://169.254.169.254/latest"):
    try:
        urllib.request.urlopen(url, timeout=5); print("REACHED", url)
    except OSError as error:
        print(url, error)
try:
    socket.create_connection(("1.1.1.1", 443), 2); print("REACHED")
except OSError as error:
    print("direct", error.strerror)
"""
    with serve() as (url, _):
        sandbox = make(store, tmp_path / "state", url, launch.as_root())
        done = sandbox.install(Install(key="k", tree=tree, commands=(("python", "-c", program),)))
    assert "REACHED" not in done.log
    assert done.log.count("403") == 4
    assert "direct Network is unreachable" in done.log
    assert "refused a connection to example.org:443: if the installation needs it, add it to sandbox.hosts" in done.log


def test_a_failed_installation_leaves_nothing(store: Store, tree: str, tmp_path: Path) -> None:
    with serve() as (url, _):
        sandbox = make(store, tmp_path / "state", url, launch.as_root())
        script = "mkdir /deps/half; chmod 0 /deps/half; echo broken; exit 3"
        done = sandbox.install(Install(key="bad", tree=tree, commands=(("sh", "-c", script), ("echo", "never"))))
    assert (done.ok, done.log) == (False, "broken\n")
    assert [path.name for path in (tmp_path / "state" / "envs").iterdir()] == [".bad.lock"]


def test_two_at_once_build_it_once(store: Store, tree: str, tmp_path: Path) -> None:
    with serve() as (url, _):
        root = launch.as_root()
        both = [make(store, tmp_path / "state", url, root) for _ in range(2)]
        install = Install(key="same", tree=tree, commands=(("sh", "-c", "sleep 0.5; echo x > /deps/file"),))
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda sandbox: sandbox.install(install), both))
    assert sorted(one.cached for one in done) == [False, True]
    assert all(one.ok for one in done)


@pytest.mark.network
def test_from_the_real_index(store: Store, tree: str, tmp_path: Path) -> None:
    sandbox = Bubblewrap(store, tmp_path / "state", SandboxSettings())
    script = "uv venv -q /deps/venv && uv pip install -q --python /deps/venv/bin/python pytest six"
    done = sandbox.install(Install(key="real", tree=tree, commands=(("sh", "-c", script),)))
    assert done.ok, done.log
    result = sandbox.run(Job(tree=tree, command=("python", "-m", "pytest", "--version"), deps="real", limits=SMALL))
    assert result.output.startswith("pytest ")
