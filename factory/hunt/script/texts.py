"""Texts in JavaScript: what is put into them, and whether one is a secret."""

import re
from dataclasses import replace

from factory.hunt.detector import Hit
from factory.hunt.secret_values import LEAST_ENTROPY, entropy, is_for_show, is_made
from factory.hunt.source import Source

_CLOSED = re.compile(
    r"[A-Z][A-Z0-9_]*$|[\d._]+$|['\"`][^'\"`$]*['\"`]$"  # a constant, a number, a text
    r"|[\w.]+\(\s*(['\"][^'\"]*['\"]\s*,?\s*)*\)$"  # a call with nothing but texts
    r"|[^?]+\?\s*['\"`][^'\"`$]*['\"`]\s*:\s*['\"`][^'\"`$]*['\"`]$"  # one text or another
    r"|(__dirname|__filename|process\.(execPath|cwd\(\)|pid))$"
    r"|(JSON\.stringify|quote|shellQuote|shellEscape|escapeShellArg|shell\.quote)\(.*\)$"
)
_SQL_PART = re.compile(
    r"(?i)placeholder|escape|quote|identifier|\bsql\b|\bformat\(|column|fields?\b|table|schema\b|where|clause|condition"
    r"|order|sort|limit|offset|join\(|set[A-Z]\w*$|prefix|database|dbname|index\b|_?cols\b|tbl|view(name)?\b"
)
_COMMAND = re.compile(
    r"(?i)(?:cmd|cmds|command|commands|script|shell|exe|executable|executablePath|binary|bin|binPath|program|editor|browser"
    r"|prefix|suffix|options?|opts?|flags?|args?|arguments|params?|extra|env|npm|node|python)$"
)
_PLACEHOLDER = re.compile(
    r"(?i)example|changeme|your[-_ ]|placeholder|dummy|fake|sample|xxx|\*\*\*|<[^>]+>|\$\{|\{\{|%\w|test|secret$"
    r"|password$|redacted|demo|^[a-z]+([-_. /:][a-z]+)*$|^[A-Z]+([-_ ][A-Z]+)*$|\s|^https?://|^[./#@]|^(Bearer|Basic)$|process\.env"
)
_KEY = re.compile(r"\s*:")  # it is the name of a field itself
_PUBLIC = re.compile(r"(?i)api[-_]?key|(?:client|api|app|consumer)[-_]?secret|public|anon")  # mostly in the page


def open_values(code: str) -> list[str]:
    """What a call's first text is built of and is not fixed: `${name}` and operands of +."""
    values = re.findall(r"\$\{((?:[^{}]|\{[^{}]*\})*)\}", code)
    if not values and "+" in code:
        inside = code[code.find("(") + 1 :]
        parts = re.split(r"\s*\+\s*", re.sub(r"(['\"`])(?:\\.|(?!\1).)*\1", "''", inside))
        values = [re.split(r"[,)]\s*$|,\s*[{\[(]|\)\s*;", part, maxsplit=1)[0] for part in parts]
    return [value.strip() for value in values if value.strip() and not _CLOSED.match(value.strip())]


def is_sql_part(value: str) -> bool:
    """A table, a column, a list of placeholders: what a parameter cannot stand for."""
    return bool(_SQL_PART.search(value))


def is_placeholders(source: Source, value: str) -> bool:
    """A name for `ids.map(() => "?").join(",")` and the like."""
    made = re.compile(
        rf"(?m)(?:\b(?:const|let|var)\s+|^\s*){re.escape(value)}\s*=[^;\n]{{0,200}}['\"`](?:\?|\$\$?\{{?\w)"
    )
    return re.fullmatch(r"\w+", value) is not None and source.has(made)


def is_command(code: str, value: str) -> bool:
    """The program itself, a flag or a piece of shell: by its name, or because a command begins with it."""
    name = re.sub(r"\W+$", "", value).rpartition(".")[2]
    first = re.search(r"\(\s*(?:`\s*\$\{\s*)?" + re.escape(value), code)
    return bool(first or _COMMAND.search(name))


def is_quoted(code: str, value: str) -> bool:
    """Whether the SQL has quotes around it, so that it is meant as a text: `"` is round the name of a column."""
    word = re.escape(value)
    return bool(re.search(rf"'%?\$\{{\s*{word}\s*\}}|'%?[\"`]\s*\+\s*{word}", code))


def secret(source: Source, hit: Hit) -> Hit | None:
    """A text that looks made by a machine; words, placeholders and texts for people are none."""
    from factory.llm.secret_forms import formats_in

    value = hit.quoted[1:-1]
    if any(formats_in(value)):
        return None  # known by its form already
    after = source.line(hit.end or hit.start).partition(hit.quoted)[2]
    if _PLACEHOLDER.search(value) or not re.search(r"\d", value) or entropy(value) < LEAST_ENTROPY or _KEY.match(after):
        return None
    evident = is_made(value) and not _PUBLIC.search(source.line(hit.start)) and not is_for_show(source.path)
    return replace(hit, message=re.sub(re.escape(value), "…", hit.message), quoted=_masked(source, hit, value),
                   confidence=hit.confidence if evident else 0.5,  # 0.5: below the default
                   fix="Read it from the environment or a secret store, and revoke this one.")  # fmt: skip


def _masked(source: Source, hit: Hit, value: str) -> str:
    """The line without the secret: findings are shown to many."""
    return source.line(hit.start).replace(value, value[:2] + "…")
