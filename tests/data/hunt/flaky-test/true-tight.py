# at: tests/test_speed.py
import time


def test_speed(index):
    start = time.time()
    index.build()
    assert time.time() - start < 0.5  # HIT
