"""Where `factory` starts: our own modules take a moment to read, and Ctrl-C must be clean in it too."""

import os
import signal
from types import FrameType


def main() -> None:
    """Read the command line's modules, then run it. Ctrl-C before that ends at once with 130: nothing was begun yet.

    Who ignores Ctrl-C (nohup, a job in the background) goes on ignoring it."""
    minded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if minded:
        signal.signal(signal.SIGINT, _leave)
    from factory.cli.main import main as run

    if minded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


def _leave(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"factory: Interrupted.\n")
    os._exit(130)  # no unwinding through half-read modules: it would print their traceback
