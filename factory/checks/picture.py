"""A PNG out of the sandbox: checked part by part and made anew of what pixels need, before anything decodes it."""

import struct
import zlib

SIGN = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 4_000_000
LONGEST = 100  # times the other side: models refuse a strip, and it would count as far more tokens than it is
COLOURS = {2: 3, 6: 4}  # bytes of a pixel by PNG's colour type: RGB, RGBA


def plain_png(data: bytes) -> tuple[bytes, int, int] | None:
    """(the picture without its other chunks, width, height); None when it is no plain one of 8 bits a colour."""
    if not data.startswith(SIGN):
        return None
    at, head, body = len(SIGN), b"", bytearray()
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if len(content) < size or zlib.crc32(kind + content) != int.from_bytes(data[at + 8 + size : at + 12 + size]):
            return None
        head = head or (content if kind == b"IHDR" else b"")
        body += content if kind == b"IDAT" else b""
        at += size + 12
    if len(head) != 13:
        return None
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", head)
    fits = depth == 8 and colour in COLOURS and not any(rest) and 0 < width * height <= MOST_PIXELS
    if not fits or max(width, height) > LONGEST * min(width, height):
        return None
    if not _holds(bytes(body), width * COLOURS[colour] + 1, height):
        return None
    return SIGN + _chunk(b"IHDR", head) + _chunk(b"IDAT", bytes(body)) + _chunk(b"IEND", b""), width, height


def _holds(packed: bytes, row: int, rows: int) -> bool:
    """Does it unpack to exactly so many rows of so many bytes, each begun by a filter that PNG knows? Never more than
    that is unpacked."""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, row * rows + 1)
    except zlib.error:
        return False
    return len(data) == row * rows and unpacking.eof and max(data[::row]) <= 4


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
