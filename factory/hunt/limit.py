"""A bound in time for what looks at texts of strangers in this process."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TookTooLong(Exception):
    """What was to be done within the time was not."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TookTooLong in the midst of it, in a regular expression too. Only the main thread can be interrupted:
    elsewhere there is no bound, and neither is there where somebody's timer runs already."""
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"it was stopped after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
