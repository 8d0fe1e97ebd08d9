"""Whether a text is a secret by what it looks like: made by a machine, and not where secrets are made for show."""

import math
import re
from collections import Counter

SHORTEST = 10  # characters
LEAST_ENTROPY = 3.0  # bits a character: hex has up to 4, words of a language about as much, so words are asked for too
_WORD = re.compile(r"[a-z]{5}|[A-Z]{5}|[A-Z][a-z]{3}")  # letters that chance seldom puts side by side
_NO_TOKEN = re.compile(r"[\s\[\](){}<>|\\]|://|^[/.@#]|^--|\.\w+\.|%[sd]")  # a sentence, a pattern, a template, a path
_SHOW = re.compile(
    r"(?:^|/)(?:[^/]*(?:docker-)?compose[^/]*\.ya?ml|\.env[^/]*|[^/]*snakeoil[^/]*|[^/]*localhost[^/]*|[^/]*self-?signed[^/]*|[^/]*(?:insecure|dummy|vagrant)[^/]*)$"
    r"|(?:^|[/._-])(?:dev|devel|development|local|debug|ci|data_files|testdata|seeds?|seeders?|locales?|i18n|lang|devcontainer"
    r"|vendor\w*|deps|third_?party|external|stories|story|playground|releases?|contrib|docker|\w*tests?)(?=[/._-])",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0|169\.254)|\.(?:local|lan|internal|svc|test|invalid|localdomain)$"
    r"|^[^.]*$"
)


def is_made(text: str) -> bool:
    """Generated, by the look of it: no word in it, digits, and as even as chance is."""
    if not SHORTEST <= len(text) <= 200 or _NO_TOKEN.search(text) or _WORD.search(text):
        return False
    return bool(re.search(r"\d", text)) and entropy(text) >= LEAST_ENTROPY


def is_for_show(path: str) -> bool:
    """Development, other people's code, seeds, translations: whoever runs it for real has keys of their own."""
    return bool(_SHOW.search(path))


def is_near(host: str) -> bool:
    """An address that only this machine or network has."""
    return bool(_HERE.search(host))


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
