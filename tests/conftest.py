"""What every test process needs before its first test."""

import signal

import pytest


def pytest_configure() -> None:
    """Started in the background of a shell, a process ignores SIGINT, and so would everything the tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def app_keys() -> tuple[str, str]:
    """(private, public) of one App as PEM; made where it is wanted, since it takes a while."""
    from tests.keypairs import app_keypair

    return app_keypair()
