"""What `extract` does to the process it runs in, by the file's own words. For tests of the workers."""

import os
import time
from collections import Counter

from factory.codegraph.facts import Facts


def extract(language: str, data: bytes) -> Facts:
    """`ABORT` ends the process, `ABORT text` when it is read as plain text too, and so on."""
    first, *more = data.decode().split() or [""]
    if language or "text" in more:
        if first == "ABORT":
            os.abort()
        if first == "HANG":
            while True:
                pass
        if first == "SLEEP":
            time.sleep(600)
        if first == "RAISE":
            raise RuntimeError("no such rule")
        if first == "MEMORY":
            bytearray(1 << 40)
    words = Counter(data.decode().split())
    return Facts(language, data.count(b"\n"), (), (), (), dict(words), {}, 0)
