"""Take the configuration of tests or linters out of one text and put it into another: TOML, INI, JSON."""

import configparser
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """Which parts of a shared file belong to one purpose."""

    toml: re.Pattern[str]  # names of tables
    ini: re.Pattern[str]  # names of sections
    keys: tuple[str, ...]  # of package.json
    scripts: re.Pattern[str]


TESTS = Share(
    re.compile(r"^tool\.(?:pytest|tox|nox|coverage|nose2|hatch\.envs)(?:\.|$)"),
    re.compile(r"^(?:tool:pytest|pytest|tox.*|testenv.*|coverage:.*|nosetests)$"),
    ("jest", "vitest", "mocha", "ava", "c8", "nyc", "tap"),
    re.compile(r"^(?:pre|post)?test(?::|$)"),
)
LINTERS = Share(
    re.compile(r"^tool\.(?:ruff|flake8|mypy|(?:based)?pyright)(?:\.|$)"),
    re.compile(r"^(?:flake8|mypy).*$"),
    ("eslintConfig", "eslintIgnore"),
    re.compile(r"(?!)"),
)
_HEADER = re.compile(r"^\s*\[+\s*([^\]#]+?)\s*\]+\s*(?:#.*)?$")


def restored(name: str, base: bytes, candidate: bytes, share: Share = TESTS) -> bytes | None:
    """`candidate` with the base's configuration of tests or linters; None when that cannot be done safely.

    `name` is the file's last part: pyproject.toml, package.json or an INI file. b"" stands for a missing file.
    """
    try:
        old, new = base.decode(), candidate.decode()
        if name == "package.json":
            return _json(old, new, share)
        wanted = share.toml if name == "pyproject.toml" else share.ini
        text = _spliced(old, new, wanted)
        matches = _toml_matches if name == "pyproject.toml" else _ini_matches
        return text.encode() if matches(old, new, text, wanted) else None
    except (UnicodeDecodeError, ValueError, configparser.Error, AttributeError):
        return None


def _spliced(old: str, new: str, wanted: re.Pattern[str]) -> str:
    kept = "".join(text for head, text in _sections(new) if not wanted.match(head))
    taken = "".join(text for head, text in _sections(old) if wanted.match(head))
    return f"{kept.rstrip()}\n\n{taken}" if taken else kept


def _sections(text: str) -> list[tuple[str, str]]:
    """(header, text with its header) in order; a header inside a multi-line string is not one."""
    found: list[tuple[str, list[str]]] = [("", [])]
    quote = ""
    for line in text.splitlines(keepends=True):
        head = _HEADER.match(line) if not quote else None
        if head and not line.startswith((" ", "\t")):
            found.append((head[1].replace('"', "").replace("'", ""), []))
        for mark in re.findall(r'"""|\'\'\'', line):
            quote = "" if quote == mark else (quote or mark)
        found[-1][1].append(line)
    return [(head, "".join(lines)) for head, lines in found]


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """(dotted name, value) of everything in nested tables that is no table with something in it."""
    if isinstance(value, dict) and (value or not name):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    else:
        yield name, value


def _toml_matches(old: str, new: str, text: str, wanted: re.Pattern[str]) -> bool:
    def split(raw: str) -> tuple[dict[str, object], dict[str, object]]:
        found = dict(_leaves(tomllib.loads(raw)))
        mine = {name: value for name, value in found.items() if wanted.match(name)}
        return mine, {name: value for name, value in found.items() if name not in mine}

    return split(text) == (split(old)[0], split(new)[1])


def _ini_matches(old: str, _new: str, text: str, wanted: re.Pattern[str]) -> bool:
    def parts(raw: str) -> dict[str, dict[str, str]]:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string(raw)
        return {name: dict(parser[name]) for name in parser.sections() if wanted.match(name)}

    return parts(text) == parts(old)


def _json(old: str, new: str, share: Share) -> bytes:
    base, candidate = json.loads(old or "{}"), json.loads(new or "{}")
    result = {key: value for key, value in candidate.items() if key not in share.keys}
    result |= {key: base[key] for key in share.keys if key in base}
    scripts = {key: value for key, value in (candidate.get("scripts") or {}).items() if not share.scripts.match(key)}
    scripts |= {key: value for key, value in (base.get("scripts") or {}).items() if share.scripts.match(key)}
    if scripts:
        result["scripts"] = scripts
    return (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode()
