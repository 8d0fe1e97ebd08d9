# at: tests/test_elapsed.py
import time


def test_elapsed(index):
    start = time.perf_counter()
    index.build()
    elapsed = time.perf_counter() - start
    assert elapsed <= 1  # HIT
