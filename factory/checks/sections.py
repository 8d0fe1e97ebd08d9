"""Take the test configuration of one text and put it into another: TOML tables, INI sections, JSON keys."""

import configparser
import json
import re
import tomllib
from typing import Any

TOML_TABLES = re.compile(r"^tool\.(?:pytest|tox|nox|coverage|nose2|hatch\.envs)(?:\.|$)")
INI_SECTIONS = re.compile(r"^(?:tool:pytest|pytest|tox.*|testenv.*|coverage:.*|nosetests)$")
JSON_KEYS = ("jest", "vitest", "mocha", "ava", "c8", "nyc", "tap")
SCRIPT = re.compile(r"^(?:pre|post)?test(?::|$)")
_HEADER = re.compile(r"^\s*\[+\s*([^\]#]+?)\s*\]+\s*(?:#.*)?$")


def restored(name: str, base: bytes, candidate: bytes) -> bytes | None:
    """`candidate` with the test configuration of `base`; None when that cannot be done safely.

    `name` is the file's last part: pyproject.toml, setup.cfg or package.json.
    """
    try:
        old, new = base.decode(), candidate.decode()
        if name == "package.json":
            return _json(old, new)
        if name == "pyproject.toml":
            text = _spliced(old, new, TOML_TABLES)
            return text.encode() if _toml_matches(old, new, text) else None
        text = _spliced(old, new, INI_SECTIONS)
        return text.encode() if _ini_matches(old, text) else None
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


def _split_tool(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(test configuration, everything else) as values."""
    data = tomllib.loads(text)
    tool = dict(data.get("tool") or {})
    tests = {key: tool.pop(key) for key in ("pytest", "tox", "nox", "coverage", "nose2") if key in tool}
    hatch = dict(tool.get("hatch") or {})
    if "envs" in hatch:
        tests["hatch.envs"] = hatch.pop("envs")
    tool.pop("hatch", None)
    rest = {key: value for key, value in data.items() if key != "tool"}
    return tests, {**rest, "tool": {**tool, **({"hatch": hatch} if hatch else {})}}


def _toml_matches(old: str, new: str, text: str) -> bool:
    tests, rest = _split_tool(text)
    return tests == _split_tool(old)[0] and rest == _split_tool(new)[1]


def _ini_matches(old: str, text: str) -> bool:
    def parts(raw: str) -> dict[str, dict[str, str]]:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string(raw)
        return {name: dict(parser[name]) for name in parser.sections() if INI_SECTIONS.match(name)}

    return parts(text) == parts(old)


def _json(old: str, new: str) -> bytes:
    base, candidate = json.loads(old), json.loads(new)
    result = {key: value for key, value in candidate.items() if key not in JSON_KEYS}
    result |= {key: base[key] for key in JSON_KEYS if key in base}
    scripts = {key: value for key, value in (candidate.get("scripts") or {}).items() if not SCRIPT.match(key)}
    scripts |= {key: value for key, value in (base.get("scripts") or {}).items() if SCRIPT.match(key)}
    if scripts:
        result["scripts"] = scripts
    return (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode()
