"""Untrusted text made harmless: for any output (`clean`), for markdown (`prose`, `code`, `fence`), for titles.

Issue texts, model answers, paths and test output are data. In markdown nothing of them may become a mention, a
reference to an issue, a link, an image, raw HTML, a heading or the end of a fence; in a terminal no escape sequence
survives; nowhere may characters that reorder or hide text stay invisible.
"""

import re
from html import escape

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erase
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC: window title, clipboard, links
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f\ud800-\udfff]")
_SPECIAL = re.compile(r"[\\`*\[\]<>|&~$]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&vert;"}
_REFERENCES = re.compile(r"(@)(?=\w)|(#)(?=\d)|(\bGH-)(?=\d)|(:)(?=//)|(\bwww\.)|(\bmailto:|\bxmpp:)", re.IGNORECASE)
_LINE_START = re.compile(r"^(?:[#+\-=:]|\d{1,9}(?=[.)](?:\s|$)))")
_BREAK = "\u200b"  # zero width: what stands before and after it is no longer one reference


def clean(text: str) -> str:
    """Without escape sequences and control characters; line ends as `\\n`; hidden characters spelled out."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _HIDDEN.sub(_spelled, _CONTROLS.sub("", text))


def _spelled(match: "re.Match[str]") -> str:
    number = ord(match.group())
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a path that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return f"⟨U+{number:04X}⟩"


def line(text: str, limit: int = 300) -> str:
    """One clean line of at most `limit` characters."""
    return clip(" ".join(clean(text).split()), limit)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; what was cut shows as an ellipsis."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def quiet(text: str) -> str:
    """References (`@name`, `#1`, addresses) broken by a zero-width space, so that no forge acts on them."""
    return _REFERENCES.sub(lambda match: match.group() + _BREAK, text)


def prose(text: str, limit: int = 300) -> str:
    """Untrusted words as inline markdown that renders as exactly these words; fit for a table's cell."""
    plain = line(text, limit)
    start = _LINE_START.match(plain)
    escaped = _SPECIAL.sub(lambda match: _ENTITIES.get(match.group(), "\\" + match.group()), quiet(plain))
    if not start:
        return escaped
    length = start.end()
    return f"{escaped[:length]}\\{escaped[length:]}" if plain[0].isdigit() else f"\\{escaped}"


def code(text: str, limit: int = 160) -> str:
    """A path, name or command in fixed width; fit for a table's cell. Everything in it is an escaped character."""
    plain = line(text, limit)
    if not plain:
        return ""
    if re.search(r"[`|\\<&]", plain) or plain != plain.strip():
        return f"<code>{prose(plain, limit)}</code>"
    return f"`{plain}`"  # forges do not look for references inside code


def summary(text: str) -> str:
    """One line for inside `<summary>`, where markdown is not read and everything is HTML."""
    return quiet(escape(line(text), quote=True))


def fence(text: str, limit: int = 4000, language: str = "text") -> str:
    """A fenced block that the text cannot close, head and tail kept when it is long."""
    body = clean(text).rstrip("\n")
    if len(body) > limit:
        head, tail = body[: limit * 2 // 3], body[-limit // 3 :]
        body = f"{head}\n[… {len(body) - limit:,} characters left out …]\n{tail}"
    body = body.replace("<!--", f"<!{_BREAK}--")  # a marker of ours must never be found in somebody's output
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", body)), default=0))
    return f"{ticks}{language}\n{body}\n{ticks}"


def quote(text: str, lines: int = 12, limit: int = 1200) -> str:
    """A block quote of the first lines, as plain words."""
    kept = [row for row in clip(clean(text), limit).splitlines() if row.strip()]
    rows = [f"> {prose(row, limit)}" for row in kept[:lines]]
    if len(kept) > lines:
        rows.append("> …")
    return "\n>\n".join(rows)
