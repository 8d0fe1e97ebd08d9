# at: tests/test_worker.py
import time


def test_worker(queue, worker):
    queue.put("job")
    time.sleep(1)  # HIT
    assert worker.done == 1
