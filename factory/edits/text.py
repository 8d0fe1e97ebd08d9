"""A file's bytes as lines that can be edited and put back without a byte changed that nobody asked for."""

import codecs
from typing import NamedTuple

from factory.contracts.errors import EditProblem

BOM = codecs.BOM_UTF8
MAX_BYTES = 4 * 1024 * 1024
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Text(NamedTuple):
    """`lines` keep their own ends ("\\n", "\\r\\n", or none for an unfinished last line)."""

    path: str
    lines: tuple[str, ...]
    encoding: str  # "utf-8", or "latin-1" for any other bytes: that one maps every byte to a character and back
    bom: bool

    @property
    def bare(self) -> list[str]:
        """The lines without their ends: what a model sees and what is matched."""
        return [bare(line) for line in self.lines]

    @property
    def seen(self) -> str:
        """The whole text with plain line ends and without byte order mark."""
        return "".join(bare(line) + "\n" * line.endswith("\n") for line in self.lines)

    @property
    def end(self) -> str:
        """The line end that the file uses everywhere; '' when it has none or mixes them."""
        ends = {line[len(bare(line)) :] for line in self.lines if line.endswith("\n")}
        return ends.pop() if len(ends) == 1 else ""

    def encode(self) -> bytes:
        return (BOM if self.bom else b"") + encoded(self.path, "".join(self.lines), self.encoding)


def bare(line: str) -> str:
    return line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")


def split(text: str) -> tuple[str, ...]:
    """Lines with their ends; only a line feed ends a line (form feeds and the like are content)."""
    parts = text.split("\n")
    return (*(part + "\n" for part in parts[:-1]), *((parts[-1],) if parts[-1] else ()))


def decode(path: str, data: bytes) -> Text:
    """Raises EditProblem, naming the reason, for what cannot be edited as text."""
    if len(data) > MAX_BYTES:
        raise EditProblem(f"{path} has {len(data)} bytes: files over {MAX_BYTES} are not edited.", path, "too_large")
    if data.startswith(_WIDE):
        raise EditProblem(f"{path} is UTF-16 or UTF-32 text: it is not edited.", path, "encoding")
    if b"\0" in data:
        raise EditProblem(f"{path} is a binary file: it cannot be read or edited as text.", path, "binary")
    bom = data.startswith(BOM)
    raw = data[len(BOM) :] if bom else data
    try:
        text, encoding = raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = data.decode("latin-1"), "latin-1"
        bom = False
    if "\n" not in text and "\r" in text:
        raise EditProblem(f"{path} ends its lines with a lone CR (old Mac): it is not edited.", path, "encoding")
    return Text(path, split(text), encoding, bom)


def encoded(path: str, text: str, encoding: str = "utf-8") -> bytes:
    """Raises EditProblem for characters that the file's encoding does not have."""
    if "\0" in text:
        raise EditProblem(f"The new text of {path} holds a NUL character: leave it out.", path, "binary")
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        odd = text[error.start : error.start + 1].encode("ascii", "backslashreplace").decode()
        kind = "UTF-8" if encoding == "utf-8" else "an 8-bit encoding"
        raise EditProblem(
            f"The new text of {path} holds the character {odd}, which its encoding ({kind}) cannot hold: "
            "use ASCII characters there.",
            path, "encoding",
        ) from None  # fmt: skip


def rewritten(old: Text, text: str) -> bytes:
    """A whole new text for an existing file: its byte order mark, encoding and (uniform) line ends are kept."""
    lines = split(text.removeprefix("\ufeff"))
    if old.end:
        lines = tuple(bare(line) + old.end if line.endswith("\n") else line for line in lines)
    return old._replace(lines=lines).encode()
