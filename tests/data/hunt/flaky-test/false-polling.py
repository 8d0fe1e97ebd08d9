# at: tests/test_poll.py
import time


def test_poll(worker):
    deadline = time.monotonic() + 10
    while not worker.done and time.monotonic() < deadline:
        time.sleep(0.05)
    assert worker.done
