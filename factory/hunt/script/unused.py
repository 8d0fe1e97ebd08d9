"""Names that a JavaScript or TypeScript file introduces and never mentions again: not in a comment, not in a text."""

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache

from factory.hunt.detector import Hit
from factory.hunt.source import Source

_IMPORT = re.compile(r"import\s+(?:type\s+)?(?P<what>.*?)\s+from\s*['\"]", re.DOTALL)
_WORD = re.compile(r"[\w$]+")
_PRAGMA = frozenset({"React", "h", "jsx", "Fragment", "createElement"})  # JSX calls them without a mention


def imports(source: Source, hit: Hit) -> Hit | None:
    match = _IMPORT.match(hit.quoted)
    if not match or source.path.endswith(".d.ts"):
        return None
    if match["what"].startswith("*") and not re.search(r"from\s*['\"](?:[./]|node:)", hit.quoted):  # for what it does
        return None
    here = Counter(_WORD.findall(hit.quoted))
    words = _words(source)
    names = [name for name in _names(match["what"]) if name not in _PRAGMA and words[name] == here[name]]
    if not names:
        return None
    shown = ", ".join(f"`{name}`" for name in names[:5])
    return replace(hit, message=f"{shown} {'is' if len(names) == 1 else 'are'} imported and never used",
                   fix="Remove what is not used from the import.")  # fmt: skip


def _names(what: str) -> list[str]:
    """`a, { b, type c as d }, * as e` are a, b, d, e."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", what, flags=re.DOTALL)
    parts = [part.strip() for part in re.split(r"[,{}]", text)]
    names = [re.split(r"\s+as\s+", part)[-1].removeprefix("type ").strip() for part in parts if part]
    return [name for name in names if re.fullmatch(r"[\w$]+", name)]


def local(source: Source, hit: Hit) -> Hit | None:
    """A variable of a block; `_name` says that it is not used on purpose."""
    name = hit.quoted
    if name.startswith("_") or source.path.endswith(".d.ts") or _words(source)[name] != 1:
        return None
    line = source.line(hit.start)
    if re.search(r"\bfor\s*(await\s*)?\(|\b(await\s+)?using\b", line) or "eslint-disable" in source.line(hit.start - 1):
        return None
    return replace(hit, quoted=line.strip(), message=f"`{name}` is set and never used",
                   fix="Remove it; keep the right side where it does something.")  # fmt: skip


@lru_cache(maxsize=4)  # a file has hundreds of names
def _words(source: Source) -> Counter[str]:
    return Counter(_WORD.findall(source.text))
