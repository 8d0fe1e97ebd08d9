"""Where a value in JavaScript or TypeScript comes from: the nearest thing above, in its function, that gives it."""

import re

from factory.hunt.source import Source
from factory.hunt.traced import Origin

_DEPTH = 4
_REQUEST = re.compile(
    r"(?:^|[^.\w])(?:this\.)?(?:req|request|ctx\.req\w*|ctx|context\.req\w*|c\.req|event|msg|message)\??\."
    r"(?:body|query\w*|params?|headers|cookies|path|url|payload|form|searchParams|pathParameters|queryStringParameters|data)\b"
)
_NAME = re.compile(r"(?<![.\w$'\"])([A-Za-z_$][\w$]*)(?![\w$]*\s*(?:\(|\.\w+\())")
_SAME_TEXT = re.compile(
    r"\??\.(?:trim|toString|toLowerCase|toUpperCase|replace|replaceAll|join|slice|substring|normalize)\([^()]*\)"
)
_OF_ITS_TEXT = re.compile(r"\b(?:String|encodeURI(?:Component)?|path\.\w+|join|resolve)\(")
_NOT_TEXT = re.compile(r"\b(?:number|boolean|bigint|Date)\b")
_CHECKED = r"(?:if\s*\([^\n]*\b{name}\b[^\n]*|assert\w*\([^\n]*\b{name}\b[^\n]*)"
_CHECKS = re.compile(r"\btest\(|includes\(|isNaN|isInteger|match\(|typeof|valid|allow|safe|\bhas\(|instanceof|check")
_LITERAL = re.compile(r"\s*(?:['\"`][^'\"`$]*['\"`]|[\d.]+|[A-Z][A-Z0-9_]*|true|false|null|undefined)?\s*")


def origin(source: Source, line: int, value: str, depth: int = 0) -> Origin:
    """`value` is an expression of this line (1-based). Calls that make something else of it end the trace."""
    if _REQUEST.search(value):
        return "outside"
    plain = _OF_ITS_TEXT.sub("(", _SAME_TEXT.sub("", value))
    if depth > _DEPTH or re.search(r"\w\s*\(|=>|\?[^.]", plain):
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
    looped = list(re.finditer(rf"\bfor\s*(?:await\s*)?\(\s*(?:const|let|var)\s+{word}\s+of\s+([^{{\n]*)\)", above))
    taken = list(
        re.finditer(
            rf"(?:\(([^()]*(?<![.\w$]){word}(?![\w$])[^()]*)\)\s*(?::[^={{;\n]+)?(?:=>|\{{))|\b{word}\s*=>", above
        )
    )
    last = max((*set_, *looped, *taken), key=lambda match: match.start(), default=None)
    if last is None:
        return "unknown"
    if last in taken:
        return _of_parameter(source, word, last[1] or name, function)
    at = start + above.count("\n", 0, last.start())
    return origin(source, at, last[1].removesuffix(")") if last in looped else last[1], depth + 1)


def _of_parameter(source: Source, word: str, listed: str, function: str) -> Origin:
    """Not what is typed as a number, and not what this file itself gives: always a text of its own."""
    if re.search(r"\b(?:if|while|for|switch|catch)\s*$|[=!<>]==?|&&|\|\|", listed):  # a condition
        return "unknown"
    typed = re.search(rf"\b{word}\??\s*:\s*([^,=]*)", listed)
    if typed and _NOT_TEXT.search(typed[1]):
        return "unknown"
    if function:
        calls = re.findall(
            rf"(?<!function )(?<![\w$]){re.escape(function)}\(([^()]*)\)(?!\s*(?:\{{|:|=>))", source.text
        )
        if calls and all(all(map(_LITERAL.fullmatch, each.split(","))) for each in calls):
            return "unknown"
    return "parameter"


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
