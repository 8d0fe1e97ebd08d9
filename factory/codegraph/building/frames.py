"""How a build and its workers talk: frames of one kind byte, a length and that many bytes. Light.

To a worker: "j" the job (once), "w" work, "f" finish. From it: "d" done with the work it was given, "s" a segment.
The body is JSON, a length, and raw bytes behind it. Which file a worker is at stands in memory that both share
(`Mark`): it changes too often for messages.
"""

import json
import mmap
import os
import struct
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

_HEAD = struct.Struct("<cII")  # kind, bytes of JSON, raw bytes
_MARK = struct.Struct("<q")


class Frame(NamedTuple):
    kind: bytes
    words: Any
    raw: bytes


def shared() -> int:
    """A descriptor of memory for a mark, which a process that is started may be given."""
    descriptor = os.memfd_create("factory-mark")
    os.ftruncate(descriptor, _MARK.size)
    return descriptor


class Mark:
    """A number, or None, in the memory of a descriptor; -1 = nobody else looks at it."""

    def __init__(self, descriptor: int = -1) -> None:
        self._memory = mmap.mmap(descriptor, _MARK.size)

    def put(self, number: int | None) -> None:
        _MARK.pack_into(self._memory, 0, 0 if number is None else number + 1)

    def get(self) -> int | None:
        found: int = _MARK.unpack_from(self._memory)[0]
        return found - 1 if found else None


def write(stream: IO[bytes], kind: bytes, words: Any = None, raw: Sequence[bytes] = ()) -> None:
    text = json.dumps(words, separators=(",", ":")).encode()
    stream.write(_HEAD.pack(kind, len(text), sum(map(len, raw))) + text + b"".join(raw))
    stream.flush()


def read(stream: IO[bytes]) -> Frame:
    """Raises EOFError when the other side is gone."""
    kind, text, raw = _HEAD.unpack(_exactly(stream, _HEAD.size))
    return Frame(kind, json.loads(_exactly(stream, text)), _exactly(stream, raw))


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def cut(raw: bytes, lengths: Sequence[int]) -> list[bytes]:
    """The raw bytes of a frame in their pieces."""
    pieces, at = [], 0
    for length in lengths:
        pieces.append(raw[at : at + length])
        at += length
    return pieces
