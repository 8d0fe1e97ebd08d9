# at: tests/test_thread.py
import threading
import time


def test_thread(queue):
    def late():
        time.sleep(0.1)
        queue.put("x")

    threading.Thread(target=late).start()
    assert queue.get(timeout=10) == "x"
