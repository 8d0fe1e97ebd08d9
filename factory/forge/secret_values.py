"""Secrets by exact value, in the forms in which they leak, and by pattern: taken out of what is written anywhere."""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, quote_plus

from factory.occurrences import Occurrences, merged

SHORTEST = 6  # characters of a value worth hiding
BY = "[redacted]"
_NAME = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|PAT)(?:_|$)")
Find = Callable[[str, tuple[str, ...]], tuple[str, ...]]


def secret_values(environment: Mapping[str, str], more: Sequence[str] = ()) -> tuple[str, ...]:
    """The values of variables whose names say that they are secret, and `more` (an App's minted token)."""
    found = {value.strip() for name, value in environment.items() if _NAME.search(name.upper())} | set(more)
    return tuple(sorted(value for value in found if len(value) >= SHORTEST))


class Redaction:
    """Callable on text. `find` gives what else is a secret there (factory.llm.secret_forms.secrets_in). The time grows
    with the text, not with how many secrets stand in it."""

    def __init__(self, values: Sequence[str], find: Find) -> None:
        forms = {form for value in values for form in _forms(value)}
        self._forms = Occurrences(form for form in forms if len(form) >= SHORTEST)
        self._find = find

    def __call__(self, text: str) -> str:
        text = _without(self._forms, text)
        return _without(Occurrences(self._find(text, ())), text)


def _without(secrets: Occurrences, text: str) -> str:
    """Where they overlap, all of it goes."""
    parts, at = [], 0
    for start, end in merged(secrets.places(text)):
        parts += [text[at:start], BY]
        at = end
    return "".join((*parts, text[at:]))


def _forms(value: str) -> set[str]:
    """As it is, its longer lines, and as base64 (at each of its three offsets), hex, in URLs, JSON and backwards."""
    found = {value, value[::-1], quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}
    found |= {row for row in value.splitlines() if len(row) >= 16 and not row.startswith("-----")}
    raw = value.encode()
    found |= {raw.hex(), raw.hex().upper()}
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * offset + raw).decode().rstrip("=")
            # the first and the last characters also hold bits of what stands beside the value
            inner = whole[(0, 2, 3)[offset] : len(whole) - (1 if (offset + len(raw)) % 3 else 0)]
            found.add(inner if len(inner) >= SHORTEST else value)
    return found
