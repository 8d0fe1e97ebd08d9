# at: tests/test_inspect.py
import time


def test_inspect(worker):
    worker.start("slow")
    time.sleep(1)  # HIT
    running = worker.running()
    assert running == ["slow"]
