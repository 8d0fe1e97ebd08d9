"""What a forge's page does not show: invisible characters, comments, attributes, link titles, image texts.

A person who sets a label has read the page; a model must be shown no more than that. Everything here runs in time
linear in the text, whatever the text is.
"""

import re
from collections import Counter
from collections.abc import Callable

# Bidirectional controls, zero width, tags, variation selectors, fillers, soft hyphen, lone surrogates.
HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff"
)
_INVISIBLE = re.compile(f"[{HIDDEN}]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")
_UNCLOSED = re.compile(r"^[ \t>*+\-0-9.)]*<!--.*", re.MULTILINE | re.DOTALL)  # a page hides all that follows it
_DECLARATION = re.compile(r"<(?:[!?])[^<>]{0,4000}>")
_TITLE = r"""(?:"(?:[^"\\]|\\.){0,20000}"|'(?:[^'\\]|\\.){0,20000}'|\((?:[^()\\]|\\.){0,20000}\))"""
_TARGET = r"(?:<[^<>\n]{0,2000}>|[^\s<>()]{0,2000}(?:\([^\s()]{0,500}\)[^\s()]{0,500}){0,4})"
_LINK = re.compile(rf"\]\([ \t]*\n?[ \t]*({_TARGET})\s+{_TITLE}\s*\)", re.DOTALL)
_DEFINITION = re.compile(
    rf"^[ \t>*+\-]*\[(?:[^\[\]\\\n]|\\.){{1,999}}\]:[ \t]*\n?[ \t]*(?:<[^<>\n]*>|[^\s<]\S*)"
    rf"(?:[ \t]*\n?[ \t>]*{_TITLE})?[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_IMAGE_END = re.compile(rf"\]\(\s*{_TARGET}(?:\s+{_TITLE})?\s*\)|\]\[[^\]\n]{{0,999}}\]", re.DOTALL)
_FENCE = re.compile(r"(`{3,})[^`\n]*|(~{3,})[^\n]*")
LONGEST_TAG = 4096  # characters; what begins like a tag and goes on longer is taken out as far as this


def uncovered(text: str) -> tuple[str, Counter[str]]:
    """The text as a page shows it, and how many things of which kind were taken out."""
    removed: Counter[str] = Counter()
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = _counted(_CONTROLS, "", plain, removed, "control characters", len)
    plain = _counted(_INVISIBLE, "", plain, removed, "invisible characters", len)
    parts = [part if is_code else _shown(part, removed) for is_code, part in fences(plain)]
    return "".join(parts), +removed


def fences(text: str) -> list[tuple[bool, str]]:
    """(is it a block of code?, part), whole lines each, one after the other.

    Only what every reader of markdown takes for code: a fence that begins in the first column after an empty line.
    """
    found: list[tuple[bool, str]] = []
    kept: list[str] = []
    mark, before = "", ""
    for row in re.findall(r"[^\n]*\n|[^\n]+", text):
        opens = "" if mark or before.strip() else opened(row)
        if opens:
            found.append((False, "".join(kept)))
            kept, mark = [row], opens
        elif mark and closes(row, mark):
            found.append((True, "".join([*kept, row])))
            kept, mark = [], ""
        else:
            kept.append(row)
        before = row
    found.append((bool(mark), "".join(kept)))
    return [(is_code, part) for is_code, part in found if part]


def opened(row: str) -> str:
    """The mark of a block of code that this line opens, when an empty line stands before it; else ""."""
    match = _FENCE.fullmatch(row.rstrip("\n")) if row[:1] in ("`", "~") else None
    return (match.group(1) or match.group(2)) if match else ""


def closes(row: str, mark: str) -> bool:
    inner = row.strip(" \t\n")
    return len(row) - len(row.lstrip(" ")) < 4 and len(inner) >= len(mark) and set(inner) == {mark[0]}


def uncommented(text: str) -> str:
    """Without comments, to a fixed point: nested, malformed and unclosed ones too. No `<!--` remains."""
    for _ in range(20):
        shorter = _UNCLOSED.sub("", _without_closed(text))
        if shorter == text:
            break
        text = shorter
    # Inline and unclosed, where a page shows it, or nested too deep to be honest: the sign itself goes.
    return re.sub(r"<+(?=!)", "", text) if "<!--" in text else text


def _without_closed(text: str) -> str:
    out, place = [], 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        out.append(text[place:start])
        place = end + 3
    return "".join(out) + text[place:]


def _without_images(text: str, removed: Counter[str]) -> str:
    """With `[image]` for each image. An image's text ends at the paragraph's end at the latest."""
    out, place = [], 0
    while (start := text.find("![", place)) >= 0:
        limit = text.find("\n\n", start)
        limit = len(text) if limit < 0 else limit
        ends = [at for at in (text.find("](", start, limit), text.find("][", start, limit)) if at >= 0]
        match = _IMAGE_END.match(text, min(ends)) if ends else None
        end = match.end() if match else text.find(")", min(ends), limit) + 1 if ends else 0
        if not end:  # no image ends in this paragraph
            out.append(text[place:limit])
            place = limit
            continue
        removed["image texts"] += 1
        out += [text[place:start], "[image]"]
        place = end
    return "".join(out) + text[place:]


def _shown(text: str, removed: Counter[str]) -> str:
    """Taken out until nothing is left to take out: what stood on both sides of a thing may make a new one."""
    for _ in range(10):
        less = _once(text, removed)
        if less == text:
            return text
        text = less
    return re.sub(r"<+(?=!)", "", text)


def _once(text: str, removed: Counter[str]) -> str:
    removed["HTML comments"] += text.count("<!--")
    text = uncommented(text)
    text = _counted(_DECLARATION, "", text, removed, "HTML declarations")
    text = _counted(_DEFINITION, "", text, removed, "link definitions")
    text = _without_images(text, removed)
    text = _counted(_LINK, r"](\1)", text, removed, "link titles")
    return tags(text, lambda name, bare: _bare(name, bare, removed))


def _bare(name: str, bare: bool, removed: Counter[str]) -> str:
    """A tag without its attributes; an image is only said to be there."""
    if name.strip("/").lower() in ("img", "image", "video", "audio", "picture", "source"):
        removed["image texts"] += 1
        return "[image]"
    removed["HTML attributes"] += not bare
    return f"<{name}>"


def tags(text: str, replace: Callable[[str, bool], str]) -> str:
    """With each HTML tag replaced: `replace` gets its name (`/` first in an end tag) and whether it is bare."""
    out, place = [], 0
    for start in re.finditer(r"<(/?[A-Za-z][A-Za-z0-9-]{0,60})(?=[\s/>])", text):
        if start.start() < place:
            continue
        end = _tag_end(text, start.end())
        if end:
            bare = not text[start.end() : end - 1].strip(" \t\n/")
            out += [text[place : start.start()], replace(start.group(1), bare)]
            place = end
    return "".join(out) + text[place:]


def _tag_end(text: str, at: int) -> int:
    """Where the tag ends whose attributes begin at `at`; 0: it is none."""
    limit = min(len(text), at + LONGEST_TAG)
    while at < limit:
        sign = text[at]
        if sign == ">":
            return at + 1
        if sign == "<":
            return 0
        if sign in "\"'":
            close = text.find(sign, at + 1, limit)
            at = close if close >= 0 else limit - 1
        at += 1
    return limit if limit < len(text) else 0


def _counted(pattern: re.Pattern[str], by: str, text: str, removed: Counter[str], name: str,
             size: Callable[[str], int] = lambda _: 1) -> str:  # fmt: skip
    def one(match: re.Match[str]) -> str:
        removed[name] += size(match.group())
        return match.expand(by)

    return pattern.sub(one, text)
