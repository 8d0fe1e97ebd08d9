"""Whose code it is: a release of somebody else's that lies in the tree is theirs to mend, not ours."""

import re
from pathlib import PurePosixPath

from factory.hunt.ground import Ground
from factory.hunt.source import SCRIPT, Source

HEAD = 2_000  # bytes in which a file says what it is
_FOLDER = re.compile(
    r"(?:^|/)(?:static|public|assets|www|webroot|media|htdocs)/(?:.*/)?(?:libs?|vendors?|plugins?|ext|externals?)/",
    re.IGNORECASE,
)
_LIBRARY = re.compile(
    r"(?:jquery|underscore|lodash|backbone|bootstrap|angular|knockout|ember|modernizr|moment|mustache|handlebars|d3"
    r"|require|raphael|leaflet|highlight|codemirror|tinymce|ckeditor|select2|socket\.io|prototype|pdf|viewer|tablesorter"
    r"|chart|three|sizzle|zepto|mootools|dojo|ext|yui|hammer|fabric|showdown|marked|sha\d*|md5|base64|polyfills?|json2"
    r"|normalize|html5shiv|respond|es5-shim|es6-shim|popper|clipboard|sortable|dropzone|typeahead|datatables?)"
    r"(?:[._-][\w.-]*)?\.[cm]?js$",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\s*(?:/\*.*?\*/|//[^\n]*\n?)", re.DOTALL)
_VERSION = re.compile(r"\bv\d+\.\d+|\b\d+\.\d+\.\d+\b")
_RIGHTS = re.compile(r"(?i)\blicen[sc]ed?\b|\bcopyright\b|\(c\)|@preserve")


def copied(ground: Ground) -> frozenset[str]:
    """Paths of scripts that lie where releases are put, or whose first words are a release's: version and licence."""
    return frozenset(path for path in ground.paths if Source(path, b"").language in SCRIPT and _is_copied(ground, path))


def _is_copied(ground: Ground, path: str) -> bool:
    if _FOLDER.search(path):
        return True
    with (ground.root / path).open("rb") as file:
        head = _banner(file.read(HEAD).decode("utf-8", errors="replace"))
    if not _RIGHTS.search(head):
        return False
    return bool(_VERSION.search(head) or _LIBRARY.match(PurePosixPath(path).name))


def _banner(text: str) -> str:
    """The comments that a file begins with."""
    end = 0
    while match := _COMMENT.match(text, end):
        end = match.end()
    return text[:end] if end or not text.lstrip().startswith("/*") else text  # longer than what was read
