import time


def retry(work):
    time.sleep(1)
    assert work() is not None
