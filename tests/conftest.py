"""What every test process needs before its first test."""

import signal


def pytest_configure() -> None:
    """Started in the background of a shell, a process ignores SIGINT, and so would everything the tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
