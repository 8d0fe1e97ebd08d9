# at: tests/test_room.py
import time


def test_room(index):
    start = time.monotonic()
    index.build()
    assert time.monotonic() - start < 30
