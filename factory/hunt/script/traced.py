"""Where a value in JavaScript or TypeScript comes from: the nearest thing above, in its function, that gives it."""

import re
from collections.abc import Iterator

from factory.hunt.source import Source
from factory.hunt.traced import Origin, is_tired

_DEPTH = 4
_REQUEST = re.compile(
    r"(?:^|[^.\w])(?:this\.)?(?:req|request|ctx\.req\w*|ctx|context\.req\w*|c\.req|event|msg|message)\??\."
    r"(?:body|query\w*|params?|headers|cookies|path|url|payload|form|searchParams|pathParameters|queryStringParameters|data)\b"
)
_NAME = re.compile(r"(?<![.\w$'\"])([A-Za-z_$][\w$]*)(?![\w$]*\s*(?:\(|\.\w+\())")
_SAME_TEXT = re.compile(
    r"\??\.(?:trim|toString|toLowerCase|toUpperCase|replace|replaceAll|join|slice|substring|normalize)\([^()]*\)"
)
_OF_ITS_TEXT = re.compile(r"\b(?:String|path\.\w+|join|resolve)\(")
_TEXT = re.compile(r"\b(?:string|any|unknown|String)\b|['\"`]")
_STRENGTH: tuple[Origin, ...] = ("outside", "parameter", "attribute")
_CHECKED = r"(?:if\s*\([^\n]*\b{name}\b[^\n]*|assert\w*\([^\n]*\b{name}\b[^\n]*)"
_CHECKS = re.compile(r"\btest\(|includes\(|isNaN|isInteger|match\(|typeof|valid|allow|safe|\bhas\(|instanceof|check")


def origin(source: Source, line: int, value: str, depth: int = 0) -> Origin:
    """`value` is an expression of this line (1-based). Calls that make something else of it end the trace."""
    if _REQUEST.search(value):
        return "outside"
    plain = _OF_ITS_TEXT.sub("(", _SAME_TEXT.sub("", value))
    if depth > _DEPTH or is_tired(source) or re.search(r"\w\s*\(|=>|\?[^.]", plain):
        return "unknown"
    found = [_of_name(source, line, name[1], depth) for name in _NAME.finditer(plain)]
    if "outside" in found:
        return "outside"
    if "parameter" not in found and "attribute" not in found:
        return "unknown"
    return "attribute" if "parameter" not in found or re.search(r"[\w\])]\??\.\w", plain) else "parameter"


def _of_name(source: Source, line: int, name: str, depth: int) -> Origin:
    start, function = _function(source, line)
    above = "\n".join(source.line(number) for number in range(start, line + 1))
    word = re.escape(name)
    checked = re.search(_CHECKED.format(name=word), above)
    if checked and _CHECKS.search(checked[0]):
        return "unknown"
    set_ = list(
        re.finditer(rf"\b(?:const|let|var)\s+(?:{word}\b|\{{[^{{}}=]*\b{word}\b[^{{}}]*\}})[^=\n]*=\s*([^;\n]*)", above)
    )
    looped = list(
        re.finditer(
            rf"\bfor\s*(?:await\s*)?\(\s*(?:const|let|var)\s+[\[{{ ]*\b{word}\b[^()\n]*?\s+of\s+([^{{\n]*)\)", above
        )
    )
    lists = re.finditer(
        rf"(?<!\bif )(?<!\bfor )(?<!\bwhile )(?<!\bswitch )(?<!\bcatch )(?<!\bawait )(?<!\bif)(?<!\bfor)"
        rf"(?:\(([^()]*(?<![.\w$]){word}(?![\w$])[^()]*)\)\s*(?::[^={{;\n]+)?(?:=>|\{{))|\b{word}\s*=>",
        above,
    )
    taken = [each for each in lists if not re.search(r"[!=<>]=|&&|\|\||\b(?:const|let|var)\b", each[1] or "")]
    last = max((*set_, *looped, *taken), key=lambda match: match.start(), default=None)
    if last is None:
        return "unknown"
    if last in taken:
        return _of_parameter(source, name, last[1] or name, function, depth)
    at = start + above.count("\n", 0, last.start())
    return origin(source, at, last[1].removesuffix(")") if last in looped else last[1], depth + 1)


def _of_parameter(source: Source, name: str, listed: str, function: str, depth: int) -> Origin:
    """Of any type but text it is no text. Where this file calls the function, what it gives there counts."""
    typed = re.search(rf"\b{re.escape(name)}\??\s*:\s*([^,=]*)", listed)
    if typed and not _TEXT.search(typed[1]):
        return "unknown"
    if not function:
        return "parameter"
    if not re.fullmatch(r"\w+", function):
        return "unknown"
    given = list(_given(source, function, _place(listed, name)))
    if given:  # one call up
        found = [origin(source, line, value, depth + 2) for line, value in given]
        return next((each for each in _STRENGTH if each in found), "unknown")
    shown = re.compile(
        rf"\bexport\b[^\n]*\b{function}\b|\bexports?\b[^\n;{{]*\{{[^{{}}]*\b{function}\b|\bexports\b[^\n;]*\b{function}\b"
        rf"|^  +(?:static |async |public )*{function}\(",
        re.M,
    )
    return "parameter" if source.has(shown) else "unknown"


def _place(listed: str, name: str) -> int:
    """Which one of the list it is, -1 for a field of one."""
    names = [re.match(r"\s*(?:\.\.\.)?([\w$]*)", each) for each in listed.split(",")]
    return next((number for number, match in enumerate(names) if match and match[1] == name), -1)


def _given(source: Source, function: str, place: int) -> Iterator[tuple[int, str]]:
    """What calls in this file give for the argument, each with its line."""
    calls = re.finditer(rf"(?<!function )(?<![\w$]){function}\(([^()]*)\)(?!\s*(?:\{{|:|=>))", source.text)
    for call in calls:
        values = call[1].split(",")
        if 0 <= place < len(values):
            yield source.text.count("\n", 0, call.start()) + 1, values[place].strip()


def _function(source: Source, line: int) -> tuple[int, str]:
    """Where the function around begins and its name; outside of all, the statement at the margin."""
    from factory.codegraph.parse.extract import extract

    symbols = source.once("script symbols", lambda: extract(source.language, source.data).symbols)
    around = [each for each in symbols if each.start <= line <= each.end and each.kind not in ("class", "variable")]
    if around:
        first = min(around, key=lambda each: each.start)
        return first.start, first.full.rpartition(".")[2]
    start = line
    while start > 1 and not re.match(r"[^\s})\]]", source.line(start)):
        start -= 1
    return start, ""
