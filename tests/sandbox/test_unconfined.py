"""`--sandbox none`: the same jobs, translated paths, time limits only."""

import time
from pathlib import Path

import pytest

from factory.contracts.sandbox import Install, Job
from factory.contracts.tables import SandboxSettings
from factory.git import Store
from factory.sandbox.unconfined import Unconfined
from tests.sandbox.conftest import SMALL
from tests.sandbox.index import serve


@pytest.fixture
def unconfined(store: Store, tmp_path: Path) -> Unconfined:
    return Unconfined(store, tmp_path / "state", SandboxSettings(kind="none"))


def test_a_job_runs_on_an_exported_copy(unconfined: Unconfined, tree: str) -> None:
    script = "cat /work/src/app.py; echo hi > /out/file; echo $HOME; test -d /work/.git || echo exported; exit 3"
    result = unconfined.run(Job(tree=tree, command=("sh", "-c", script), limits=SMALL, overlay={"x": b"y"}))
    assert (result.status, result.exit_code, result.files) == ("exited", 3, {"file": b"hi\n"})
    assert result.output.startswith("ANSWER = 42\n")
    assert result.output.endswith("exported\n")
    assert not Path(result.output.splitlines()[1]).exists()


def test_time_and_descendants_are_bounded(unconfined: Unconfined, tree: str, tmp_path: Path) -> None:
    marker = tmp_path / "late"
    script = f"(setsid sh -c 'sleep 2; touch {marker}' &) ; sleep 60"
    began = time.monotonic()
    result = unconfined.run(Job(tree=tree, command=("sh", "-c", script), limits=SMALL.but(seconds=1)))
    assert (result.status, result.exit_code) == ("timeout", 124)
    time.sleep(max(0.0, began + 2.5 - time.monotonic()))
    assert not marker.exists()


def test_an_environment_keeps_its_path(store: Store, tree: str, tmp_path: Path) -> None:
    with serve() as (url, _):
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        unconfined = Unconfined(store, tmp_path / "state", SandboxSettings(kind="none"), environment)
        script = f"uv venv -q /deps/venv && uv pip install -q --default-index {url} --python /deps/venv/bin/python tiny"
        done = unconfined.install(Install(key="k", tree=tree, commands=(("sh", "-c", script),)))
        assert done.ok, done.log
    result = unconfined.run(Job(tree=tree, command=("python", "-c", "import tiny; print(tiny.ANSWER)"), deps="k"))
    assert result.output == "42\n"


def test_it_says_what_it_is(unconfined: Unconfined) -> None:
    assert unconfined.describe() == "none"
    assert "There is no sandbox" in unconfined.weaker()[0]
