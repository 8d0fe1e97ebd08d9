"""What may be written to GitHub: the last filter before every comment, body, title, summary and annotation.

Texts are composed by `render`, which escapes what strangers and models wrote. This filter does not rely on it: of the
finished markdown nothing may mention, close, link elsewhere, load an image, run, hide, command or leak. What it has
made goes through it unchanged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from factory.contracts.finding import Finding, finding
from factory.contracts.hub import MAX_TEXT
from factory.forge.hidden import HIDDEN, closes, fences, opened, uncommented
from factory.forge.spans import spans

MAX_BODY = MAX_TEXT - 400  # characters; the rest is for the marker
MAX_TITLE = 256
MAX_SUMMARY = 1_000_000  # bytes of a step's summary; GitHub's limit is 1 MiB
BREAK = "\u200b"  # zero width: what stands before and after it is no longer one reference
CUT = "\n\n[cut here: {left:,} characters did not fit]"
TAGS = frozenset(
    ("details", "/details", "summary", "/summary", "b", "/b", "strong", "/strong", "i", "/i", "em", "/em", "code",
     "/code", "kbd", "/kbd", "sub", "/sub", "sup", "/sup", "br", "br/", "br /", "hr")
)  # fmt: skip
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(f"[{HIDDEN}]")
_TAG = re.compile(r"<(?=[A-Za-z/!?])([^<>\n]{0,12}>)?")
_SCHEME = re.compile(r"(?i)\b(javascript|vbscript|data)(\s*)(:)(?=\S)")
_CLOSING = re.compile(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b[\s:*_~`(\[\]]{0,10}$")
_REFERENCE = re.compile(
    r"(?P<image>!)(?=\[)"
    r"|(?P<link>\])(?=\(|:)"
    r"|(?P<person>@)(?=(?P<login>\w[\w-]*)(?P<team>/\w)?)"
    r"|(?P<number>#)(?=(?P<n>\d+))"
    r"|(?P<gh>\bGH-)(?=\d)"
    r"|(?P<url>(?:https?|ftp):)(?=//)"
    r"|(?P<bare>www\.|mailto:|xmpp:)",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"^([ \t>*+\-0-9.)]*/)(?=factory\b)", re.MULTILINE)
_MARKER = re.compile(r"<!(?=--\s*factory)", re.IGNORECASE)


@dataclass(frozen=True)
class Home:
    """What a text may point at: pages of its own repository, and the people and issues it is about."""

    server: str  # https://github.com
    repo: str  # owner/name
    people: tuple[str, ...] = ()  # may be mentioned
    numbers: tuple[int, ...] = ()  # issues and pull requests that may be referred to
    closes: tuple[int, ...] = ()  # issues that a closing keyword may name


class Hygiene:
    """For one job. `redact` takes secrets out (secret_values.Redaction)."""

    def __init__(self, home: Home, redact: Callable[[str], str]) -> None:
        self.home = home
        self.redact = redact
        pages = re.escape(f"{home.server.rstrip('/')}/{home.repo}")
        path = r"(?:/(?!(?:\.|%2[eE]){2})[A-Za-z0-9_.~%+@-]*)*(?:\?[A-Za-z0-9_.~%+=&-]*)?(?:#[A-Za-z0-9_.-]*)?"
        self._target = re.compile(rf"\((?:{pages}{path}|#[A-Za-z0-9_-]*)\)")
        self._page = re.compile(rf"{pages}{path}(?=[\s)\]<>,;*|`]|\.?(?:\s|$)|$)")

    def body(self, text: str) -> str:
        """A comment's, issue's, review's or pull request's body."""
        return self._fitted(text, lambda made: len(made) - MAX_BODY, MAX_BODY)

    def summary(self, text: str) -> str:
        """A step's summary."""
        return self._fitted(text, lambda made: len(made.encode()) - MAX_SUMMARY, MAX_SUMMARY)

    def title(self, text: str) -> str:
        """One line of at most 256 characters that refers to nothing and nobody."""
        plain = " ".join(self._plain(uncommented(text[: MAX_TITLE * 8])).split())
        made = self._quiet(self.redact(plain), title=True)
        return made if len(made) <= MAX_TITLE else made[: MAX_TITLE - 1].rstrip() + "…"

    def line(self, text: str, limit: int = 1000) -> str:
        """One line for a log, an annotation or an error: nothing hidden, nothing secret."""
        plain = " ".join(self.redact(uncommented(self._plain(text[: limit * 8]))).split())
        return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"

    def _fitted(self, text: str, over: Callable[[str], int], most: int) -> str:
        """Cut until it fits. What was cut is cleaned again, so that a cut never makes a new reference."""
        kept = text[: most * 2]
        made = self._clean(kept)
        while (excess := over(made)) > 0:
            kept = _shorter(made, excess + 200)
            made = self._clean(_closed(kept) + CUT.format(left=max(len(text) - len(kept), 1)))
        return made

    def _clean(self, text: str) -> str:
        text = self._settled(self._plain(text))
        parts = [_MARKER.sub(f"<!{BREAK}", part) if is_code else self._prose(part) for is_code, part in fences(text)]
        return _closed("".join(parts))

    def _settled(self, text: str) -> str:
        """Without comments and secrets, until taking one out makes no new one and moves no block of code."""
        for _ in range(10):
            parts = fences(_apart(text))
            less = _apart(self.redact("".join(part if is_code else uncommented(part) for is_code, part in parts)))
            if less == text:
                return text
            text = less
        return _apart(uncommented(text).replace("`", "'").replace("~", "-"))  # made to have no end: no code then

    def _plain(self, text: str) -> str:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return _INVISIBLE.sub("", _CONTROLS.sub("", text))

    def _prose(self, text: str) -> str:
        text = _TAG.sub(_tag, text)
        parts = [part if is_code else self._quiet(part) for is_code, part in spans(text)]
        return _COMMAND.sub(rf"\1{BREAK}", "".join(parts))

    def _quiet(self, text: str, title: bool = False) -> str:
        text = _SCHEME.sub(rf"\1{BREAK}\2\3", text)
        return _REFERENCE.sub(lambda match: match.group() if self._may(match, title) else match.group() + BREAK, text)

    def _may(self, match: "re.Match[str]", title: bool) -> bool:
        """May this reference stay one?"""
        text, end = match.string, match.end()
        if title:
            return False
        if match["link"]:
            return bool(self._target.match(text, end))
        if match["url"]:
            page = self._page.match(text, match.start())
            return bool(page) and not _CLOSING.search(text[max(0, match.start() - 40) : match.start()])
        if match["person"]:
            return not match["team"] and match["login"] in self.home.people
        if match["number"]:
            closing = _CLOSING.search(text[max(0, match.start() - 40) : match.start()])
            mine = not re.search(r"[\w/]$", text[max(0, match.start() - 1) : match.start()])
            return mine and int(match["n"]) in (self.home.closes if closing else self.home.numbers + self.home.closes)
        return False


def _tag(match: "re.Match[str]") -> str:
    name = (match[1] or "")[:-1].lower()
    return match.group() if name in TAGS else "&lt;" + (match[1] or "")


def _apart(text: str) -> str:
    """An empty line before each line that may open a block of code: then all readers agree that it does."""
    rows: list[str] = []
    mark = ""
    for row in text.split("\n"):
        if mark:
            mark = "" if closes(row, mark) else mark
        elif opened(row):
            mark = opened(row)
            if rows and rows[-1].strip():
                rows.append("")
        rows.append(row)
    return "\n".join(rows)


def _shorter(text: str, excess: int) -> str:
    """Cut at a line's end, or within a line that is longer than what is left."""
    kept = text[: max(len(text) - excess, 0)]
    at = kept.rfind("\n")
    return kept[:at] if at > len(kept) // 2 else kept


def _closed(text: str) -> str:
    """With its last block of code and its folds closed."""
    parts = fences(text)
    if parts and parts[-1][0]:
        first, *rest = parts[-1][1].rstrip("\n").split("\n")
        if not rest or not closes(rest[-1], opened(first)):
            text = f"{text.rstrip()}\n{opened(first)}\n"
    prose = "".join(part for is_code, part in fences(text) if not is_code).lower()
    return text + "\n\n</details>" * max(prose.count("<details>") - prose.count("</details>"), 0)


_RISKY = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_ODD = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\U000e0100-\U000e01ef]"
    "|(?<=[\x00-\x7f])[\u200c\u200d\ufe00-\ufe0f]"
)


def hidden_in_diff(diff: str) -> tuple[Finding, ...]:
    """`bidi_in_diff`: added lines of a unified diff that hold characters which reorder or hide text."""
    found, path, number = [], "", 0
    for row in diff.split("\n"):
        if row.startswith("+++ "):
            path = row[4:].strip().removeprefix("b/")
        elif row.startswith("@@"):
            match = re.match(r"@@ -\S+ \+(\d+)", row)
            number = int(match[1]) - 1 if match else 0
        elif row.startswith("+"):
            number += 1
            found += _hidden_in(row[1:], path, number)
        elif not row.startswith("-"):
            number += 1
    return tuple(found)


def _hidden_in(row: str, path: str, number: int) -> list[Finding]:
    signs = sorted({*_RISKY.findall(row), *_ODD.findall(row)})
    if not signs:
        return []
    names = ", ".join(f"U+{ord(sign):04X}" for sign in signs)
    spelled = re.sub(f"{_RISKY.pattern}|{_ODD.pattern}", lambda match: f"⟨U+{ord(match.group()):04X}⟩", row)
    return [finding("hygiene", "bidi_in_diff", f"This line holds characters that reorder or hide text: {names}.",
                    path=path, start=number, end=number, evidence=spelled[:300],
                    severity="high" if _RISKY.search(row) else "medium", category="CWE-1007")]  # fmt: skip
