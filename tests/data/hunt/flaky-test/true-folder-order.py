# at: tests/test_files.py
import os


def test_files(tmp_path, export):
    export(tmp_path)
    assert os.listdir(tmp_path) == ["a.csv", "b.csv"]  # HIT
    assert [1, 2] == list(tmp_path.iterdir())  # HIT
