"""What an issue's text gives to look for: paths, identifiers, and plain words as the last resort."""

import re
from typing import NamedTuple

MAX_STRONG, MAX_WEAK = 24, 10
_TOKEN = re.compile(r"[\w./@+-]+")
_FILE = re.compile(r"\.[A-Za-z]\w{0,9}$")
_TRACE = re.compile(r'File "([^"\n]{1,300})", line (\d{1,7})')
_AFTER = re.compile(r":(\d{1,7})\b")
_CODE = re.compile(r"`([^`\n]{1,200})`")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,60}")
_STOP = frozenset(
    """
    about above after again also although always another because been before being below between both but cannot
    change code could does doing done down during each else error even every example expected fail fails false
    file files first fixed fixes following from function given gives good have having here however http https
    implement input instead into issue itself just know like line lines made make makes many method might more
    most much must need needs never none nothing null only other otherwise output over please problem raise
    raises return returns right same seem seems self shall should show shows since some something still such
    sure than that their them then there these they thing things this those through time times true under until
    upon used user uses using value values very want wants well were what when where whether which while will
    with within without work works would wrong yes your
    """.split()
)


class Wanted(NamedTuple):
    """`lines` are (path as written, line number) pairs from tracebacks; `weak` are lower-cased words of the prose."""

    paths: tuple[str, ...]
    lines: tuple[tuple[str, int], ...]
    strong: tuple[str, ...]
    weak: tuple[str, ...]


def wanted(title: str, body: str) -> Wanted:
    """Deterministic: in order of appearance, the title first."""
    text = f"{title}\n{body}"
    paths, lines = _places(text)
    code = [word for quoted in _CODE.findall(text) for word in _WORD.findall(quoted)]
    prose = _WORD.findall(_CODE.sub(" ", text))
    shaped = [word for word in prose if _is_shaped(word)]
    strong = dict.fromkeys(word for word in (*code, *shaped) if word.lower() not in _STOP)
    weak = dict.fromkeys(word.lower() for word in prose if len(word) > 3 and word.lower() not in _STOP)
    rest = [word for word in weak if word not in {name.lower() for name in strong}]
    return Wanted(paths, lines, tuple(strong)[:MAX_STRONG], tuple(rest)[:MAX_WEAK])


def _places(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Whatever looks like a path, and paths with a line number. Linear in the text, which is a stranger's."""
    paths: dict[str, None] = {}
    lines: dict[tuple[str, int], None] = {(path, int(line)): None for path, line in _TRACE.findall(text)}
    for token in _TOKEN.finditer(text):
        path = token.group().strip("./") if len(token.group()) <= 300 else ""
        if not path or not ("/" in path or _FILE.search(path)):
            continue
        paths[path] = None
        number = _AFTER.match(text, token.end())
        if number:
            lines[path, int(number[1])] = None
    return tuple(paths)[:200], tuple(lines)[:50]


def _is_shaped(word: str) -> bool:
    """Written as only identifiers are: snake_case, camelCase, CamelCase, UPPER_CASE."""
    return "_" in word.strip("_") or bool(re.search(r"[a-z0-9][A-Z]", word))
