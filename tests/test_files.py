"""Whole files or none, and folders nobody else could have planted."""

import os
from pathlib import Path

import pytest

from factory.contracts.errors import Stopped, UsageProblem
from factory.files import BlobFolder, trusted_folder, write_whole


def test_a_write_replaces_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, "old")
    write_whole(path, b"new")
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == ["file"], "no temporary file stays behind"


def test_a_write_that_cannot_be_done_says_so_and_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(Stopped, match="Cannot write"):
        write_whole(tmp_path / "file", "x")
    assert os.listdir(tmp_path) == ["file"]


def test_blobs_are_checked_when_read(tmp_path: Path) -> None:
    blobs = BlobFolder(tmp_path)
    key = blobs.put(b"data")
    assert blobs.get(key) == b"data"
    blobs.path(key).write_bytes(b"other")
    with pytest.raises(UsageProblem, match="damaged"):
        blobs.get(key)
    with pytest.raises(UsageProblem, match="missing"):
        blobs.get("0" * 64)
    with pytest.raises(UsageProblem, match="not a sha256"):
        blobs.get("../../etc/passwd")


def test_pth_13_a_planted_state_folder_is_refused(tmp_path: Path) -> None:
    """PTH-13: reached through a symlink, or writable by others."""
    real = trusted_folder(tmp_path / "real")
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(UsageProblem, match="symlink"):
        trusted_folder(tmp_path / "link")
    with pytest.raises(UsageProblem, match="symlink"):
        trusted_folder(tmp_path / "link" / "below")
    real.chmod(0o777)
    with pytest.raises(UsageProblem, match="chmod 700"):
        trusted_folder(real)
