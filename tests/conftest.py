"""What every test process needs before its first test."""

import signal

import pytest
from hypothesis import settings

collect_ignore = ["data"]  # code that tests read: some of it is tests of its own


def pytest_configure() -> None:
    """Two things of the machine that no test is about.

    Started in the background of a shell, a process ignores SIGINT, and so would everything the tests interrupt. And
    how long one example of a property takes depends on who else is at work: hypothesis has no deadline here.
    """
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def app_keys() -> tuple[str, str]:
    """(private, public) of one App as PEM; made where it is wanted, since it takes a while."""
    from tests.keypairs import app_keypair

    return app_keypair()
