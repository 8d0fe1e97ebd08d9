# at: tests/test_sorted.py
import os


def test_sorted(tmp_path, post):
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
    assert set(post.tags) == {"a", "b"}
    assert os.listdir(tmp_path) == ["a"]
