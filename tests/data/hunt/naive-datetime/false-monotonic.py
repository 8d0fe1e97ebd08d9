import time


def measured(work):
    start = time.monotonic()
    work()
    return time.monotonic() - start
