"""A text stream that never fails: output for people must not end a run because a pipe closed."""

import contextlib
from typing import IO, Any

from factory.render.text import clean


class Quiet:
    """Wraps a stream for rich and for plain lines: broken pipes and closed files are silence, what the stream's
    encoding lacks becomes `?`."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        fit = text.encode(self.encoding, "replace").decode(self.encoding, "replace")
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(fit)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return is_terminal(self._stream)

    def fileno(self) -> int:
        return self._stream.fileno()

    def line(self, text: str) -> None:
        """One plain line, escape sequences removed, written whole."""
        self.write(clean(text).replace("\n", " ") + "\n")
        self.flush()


def is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, OSError, ValueError):
        return False
