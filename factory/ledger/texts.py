"""A step's input and output as they lie in the journal: one compressed blob.

A tool loop says its whole history again in every request, and an exchange's output repeats its request; together they
shrink to about an eighth. LZMA, because its window spans both texts (zlib's 32 KiB do not).
"""

import lzma

PRESET = 1  # 1 MiB of window; 20 ms for a step of 350,000 characters


def pack(request: str, output: str) -> bytes:
    first = request.encode()
    return lzma.compress(b"%d\n%s%s" % (len(first), first, output.encode()), preset=PRESET)


def unpack(texts: bytes) -> tuple[str, str]:
    """(input, output)."""
    size, _, both = lzma.decompress(texts).partition(b"\n")
    return both[: int(size)].decode(), both[int(size) :].decode()
