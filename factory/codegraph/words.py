"""The words that code and prose are searched by: identifiers taken apart, everything stemmed. Light to import: the
processes that parse load it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import Stemmer

WORDS_VERSION = 1  # a store whose words were made by another version is built anew
LONGEST = 40  # of a word; what is longer is a hash, a key or a picture
MOST = 200_000  # names whose words are kept

_NAME = re.compile(r"[^\W\d_]\w*")
_PART = re.compile(r"(?:[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+)\d*|\d{2,}")
_FOREIGN = re.compile(r"[^\W_]+")
STOP = frozenset(
    """
    a about above after again all also although always am an and another any anyway are as at be because been before
    being below between both but by can cannot could did do does doing don done down during each either else etc even
    ever every few for from further get gets getting given gives got had has have having he hence her here his how
    however i if in instead into is isn it its itself just know let lets like likely ll made make makes making many may
    me might more most much must my need needs neither never nevertheless no nor not now of off often on once one only
    or other others otherwise our out over own per please quite rather really s same see seem seems shall she should
    show shows since so some something still such sure t than that the their them then there therefore these they thing
    things this those though through thus to together too under until up upon us use used uses using usually various
    very via want wants was wasn we well were what when where whereas whether which while who whole whom whose why will
    with within without won work works would yes yet you your
    """.split()
)


def words_of(idents: Mapping[str, int], prose: Mapping[str, int]) -> dict[str, int]:
    """How often each word stands in a file, from its identifiers as written and its prose."""
    found: dict[str, int] = {}
    for counts in (idents, prose):
        for words, count in zip(map(_WORDS.__getitem__, counts), counts.values(), strict=True):
            for word in words:
                found[word] = found.get(word, 0) + count
    return found


def query_words(text: str) -> dict[str, int]:
    """The words of a text that people wrote, in order of appearance, with how often each stands there."""
    found: dict[str, int] = {}
    for name in _NAME.findall(text):
        for word in words_in(name):
            found[word] = found.get(word, 0) + 1
    return found


def words_in(name: str) -> tuple[str, ...]:
    """`parseHTTPHeaders` and `parse_http_headers` are (pars, http, header); words that say nothing are left out."""
    return _WORDS[name]


class _Words(dict[str, tuple[str, ...]]):
    """Of names: every name of a tree is looked up, so this is a dictionary and no function with a cache."""

    def __missing__(self, name: str) -> tuple[str, ...]:
        if not name.isascii():
            parts = _FOREIGN.findall(name)
        elif name.islower() and name.replace("_", "a").isalpha():  # most are, and this is quicker than the pattern
            parts = name.split("_")
        else:
            parts = _PART.findall(name)
        if len(self) >= MOST:
            self.clear()
        found = self[name] = tuple(filter(None, map(_STEMS.__getitem__, parts)))
        return found


class _Stems(dict[str, str]):
    """Of parts of names as they are written; "" for one that says nothing."""

    def __missing__(self, part: str) -> str:
        if not 1 < len(part) <= LONGEST:
            return ""
        lower = part.lower()
        if len(self) >= MOST:
            self.clear()
        found = self[part] = "" if lower in STOP else str(_stemmer().stemWord(lower))
        return found


_WORDS, _STEMS = _Words(), _Stems()


@lru_cache(maxsize=1)
def _stemmer() -> "Stemmer.Stemmer":
    import Stemmer

    return Stemmer.Stemmer("english", 0)  # kept in _STEMS; a cache of its own would be a second one
