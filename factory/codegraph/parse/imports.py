"""Import statements read from their text, by language: which modules, which names from them."""

import re
from collections.abc import Callable

Found = tuple[str, tuple[str, ...]]
"""(module, names), as in `facts.Import`."""
Reader = Callable[[str], list[Found]]

_PYTHON_COMMENT = re.compile(r"#[^\n]*|\\\r?\n")
_FROM = re.compile(r"from\s+(\.[.\s]*[\w.]*|[\w.]+)\s+import\b\s*(.*)", re.S)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_QUOTED = re.compile(r"""(['"`])(.*?)\1""", re.S)
_WITH = re.compile(r"\b(with|assert)\s*\{[^}]*\}\s*;?\s*$")
_NAME = re.compile(r"[\w$]+")
_MAX_NAMES = 500
_MAX_DEPTH = 50


def plain(text: str) -> list[Found]:
    """The module alone: `"fmt"`, `<stdio.h>`, `Foundation`."""
    module = text.strip().strip("\"'<>`").strip()
    return [(module, ())] if module else []


def python(text: str) -> list[Found]:
    """`import a.b as c, d` and `from ..a import (b as c, d)`."""
    if "#" in text or "\\" in text:
        text = _PYTHON_COMMENT.sub(" ", text)
    found = _FROM.match(text)
    if found:
        names = (part.split() for part in found[2].strip("() \r\n\t").split(","))
        return [("".join(found[1].split()), tuple(words[0] for words in names if words))]
    modules = (part.split() for part in text.removeprefix("import").split(","))
    return [(words[0], ()) for words in modules if words]


def javascript(text: str) -> list[Found]:
    """`import d, {a as b} from "./m"`, `export * from "m"`, `require("m")`, `import("m")`."""
    text = _COMMENT.sub(" ", text) if "//" in text.partition("from")[0] or "/*" in text else text
    quoted = list(_QUOTED.finditer(_WITH.sub("", text)))
    if not quoted or not quoted[-1][2]:
        return []
    module, before = quoted[-1][2], text[: quoted[-1].start()]
    if "require" in before or "(" in before:
        return [(module, ())]
    head = re.sub(r"^\s*(import|export)\b(\s+type\b(?!\s*(?:from\b|,)))?|\bfrom\s*$", " ", before)
    outside, _, inside = head.partition("{")
    names = [word for part in inside.rstrip("} \r\n\t").split(",") if (word := _exported(part))]
    if "*" in outside:
        names.append("*")
    elif _NAME.search(outside):
        names.insert(0, "default")
    return [(module, tuple(names[:_MAX_NAMES]))]


def _exported(part: str) -> str:
    """`type a as b` -> a."""
    words = [word for word in _NAME.findall(part) if word not in ("as",)]
    return (words[1] if len(words) > 1 and words[0] == "type" else words[0]) if words else ""


def dotted(text: str) -> list[Found]:
    """Java and Kotlin: `import static a.b.C.m;`, `import a.b.*`, `import a.b.C as D`."""
    text = _COMMENT.sub(" ", text)
    words = [word for word in text.replace(";", " ").split() if word not in ("import", "static")]
    joined = "".join(words[: words.index("as")] if "as" in words else words)
    module, _, name = joined.replace("`", "").rpartition(".")
    return [(module, (name,))] if module else ([(name, ())] if name else [])


def csharp(text: str) -> list[Found]:
    """`using A.B;` takes everything in it, `using X = A.B.C;` and `using static A.B.C;` one type."""
    words = text.replace(";", " ").replace("=", " = ").split()
    if not words:
        return []
    if "=" in words or "static" in words:
        module, _, name = words[-1].rpartition(".")
        return [(module or name, (name,) if module else ())] if module or name else []
    return [(words[-1], ("*",))]


def php(text: str) -> list[Found]:
    r"""`use A\B\C as D;`, `use A\{B, C}`, `require 'x.php'`."""
    quoted = _QUOTED.search(text)
    if quoted:
        return [("." * ("__DIR__" in text) + quoted[2], ())] if quoted[2] else []
    text = re.sub(r"^\s*use\s+(function\s+|const\s+)?", "", text.replace(";", " "))
    prefix, brace, rest = text.partition("{")
    found: list[Found] = []
    for part in (rest.rstrip("} \r\n\t") if brace else text).split(","):
        words = part.split()
        module, _, name = ((prefix.strip() if brace else "") + (words[0] if words else "")).strip("\\").rpartition("\\")
        if name:
            found.append((module, (name,)) if module else (name, ()))
    return found[:_MAX_NAMES]


def ruby(text: str) -> list[Found]:
    """`require "json"`, and `require_relative "price"` as `./price`."""
    quoted = _QUOTED.search(text)
    if not quoted or not quoted[2]:
        return []
    relative = text.startswith("require_relative") and not quoted[2].startswith(".")
    return [("./" * relative + quoted[2], ())]


def rust(text: str) -> list[Found]:
    """`use a::{b::{c, d as e}, self, f::*};`, `extern crate a;`, `mod a;` (as `self::a`)."""
    text = _COMMENT.sub(" ", text)
    head = re.match(r"\s*(?:pub\s*(?:\([^)]*\))?\s*)?(use|extern\s+crate|mod)\s+([^;]*)", text)
    if not head:
        return []
    if head[1] != "use":
        name = head[2].split()[0] if head[2].split() else ""
        return [("self::" + name if head[1] == "mod" else name, ())] if name else []
    found: dict[str, list[str]] = {}
    for path in _flat(head[2]):
        module, _, name = path.rpartition("::")
        if name == "self" and module:
            found.setdefault(module, [])
        elif name:
            found.setdefault(module or name, []).extend([name] if module else [])
    return [(module, tuple(names[:_MAX_NAMES])) for module, names in found.items()]


def _flat(tree: str) -> list[str]:
    """Every path of a use tree, without groups and renames."""
    paths: list[str] = []
    before = [""]  # prefix of each open group
    word = ""
    for part in re.findall(r"[{},]|[^{},]+", tree):
        if part == "{":
            before.append((before[-1] + word)[:1000] if len(before) < _MAX_DEPTH else "")
            word = ""
        elif part in "},":
            if word:
                paths.append(before[-1] + word)
            word = ""
            if part == "}" and len(before) > 1:
                before.pop()
        else:
            word = "".join(re.sub(r"\s+as\s+\w+\s*$", "", part).split())
    return ([*paths, before[-1] + word] if word else paths)[:_MAX_NAMES]
