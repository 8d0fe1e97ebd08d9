"""Control groups of version 2 on a folder that looks like one; those of this machine are used by the other tests."""

from pathlib import Path

import pytest

from factory.contracts.sandbox import Limits
from factory.sandbox import cgroup


def make_version_2(root: Path) -> Path:
    root.mkdir()
    (root / "cgroup.controllers").write_text("cpu memory pids\n")
    (root / "cgroup.subtree_control").write_text("memory pids\n")
    return root


def test_version_2_writes_the_limits(tmp_path: Path) -> None:
    root = make_version_2(tmp_path / "v2")
    group = cgroup.create(Limits(memory_mib=3, processes=5), root)
    assert group is not None
    (join,) = group.joins()
    assert join.parent.parent == root
    assert (join.parent / "memory.max").read_text() == str(3 << 20)
    assert (join.parent / "pids.max").read_text() == "9"
    assert not group.out_of_memory()
    (join.parent / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.out_of_memory()


def test_without_controllers_there_is_no_group(tmp_path: Path) -> None:
    assert cgroup.create(Limits(), tmp_path) is None
    assert not cgroup.available(tmp_path)


def test_groups_of_dead_factories_are_swept(tmp_path: Path) -> None:
    root = make_version_2(tmp_path / "v2")
    (root / "dark-factory-999999999-1-00000000-0").mkdir()
    cgroup.create(Limits(), root)
    assert not (root / "dark-factory-999999999-1-00000000-0").exists()


def test_the_groups_of_this_machine_are_removed() -> None:
    made = cgroup.create(Limits())
    if made is None:
        pytest.skip("control groups cannot be made here")
    folders = {path.parent for path in made.joins()}
    assert all(folder.is_dir() for folder in folders)
    made.end()
    assert not any(folder.exists() for folder in folders)
