"""The secrets of the environment: values that no cloud endpoint may see, whatever text they turn up in."""

import json
import re
from collections.abc import Mapping

from factory.contracts.model import Endpoint

LONG_ENOUGH = 8  # characters of a value that cannot stand in a text by chance
WORDY = 16  # characters from which on letters alone are no word of a language any more
_NAME = re.compile(
    r"(?:^|_)(?:[A-Z0-9]*(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE)|PASS|PWD|PAT|AUTH|DSN|CREDENTIAL|COOKIE)"
    r"S?[0-9]*(?:_|$)"
)
_PASSWORD = re.compile(r"(?:^|_)(?:PASS|PWD|PASSWORD|PASSWD|PIN)(?:_|$)")
_PATH = re.compile(r"(?:~|\.{1,2})?/[\w.@%+:/ -]*|[A-Za-z]:\\.*|[\w.-]+(?:/[\w.-]+)+")
_PLACE = re.compile(r"\w+://[^@\s]*|(?:localhost|(?:[\w-]+\.)+[\w-]+):\d{1,5}")  # an address without a password in it
_WORDS = re.compile(r"[A-Za-z]+(?:[-_. ][A-Za-z]+)*")
_NUMBER = re.compile(r"[\d.,:_ -]{1,11}")
_DENSE = re.compile(r"(?=[a-zA-Z0-9]*[a-z])(?=[a-zA-Z0-9]*[A-Z])(?=[a-zA-Z0-9]*\d)[a-zA-Z0-9]{12,}")


def secrets_of(endpoints: Mapping[str, Endpoint], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of all endpoints, and every other value that looks like a secret and is called one; each also as JSON
    writes it, for the arguments of a model's calls."""
    keys = {endpoint.key_env for endpoint in endpoints.values() if endpoint.key_env}
    found = {environment[name].strip() for name in keys if environment.get(name)}
    found.update(value for name, text in environment.items() if is_secret(name, value := text.strip()))
    found.update(json.dumps(value, ensure_ascii=plain)[1:-1] for value in tuple(found) for plain in (True, False))
    return tuple(sorted(value for value in found if value))


def is_secret(name: str, value: str) -> bool:
    """Is a variable of this name with this value a secret? Not for paths, addresses, ordinary words and switches."""
    if len(value) < LONG_ENOUGH or not _NAME.search(name.upper()):
        return False
    if _WORDS.fullmatch(value):
        return len(value) >= WORDY and value.isalpha()
    if _NUMBER.fullmatch(value):
        return bool(_PASSWORD.search(name.upper()))
    if _PLACE.fullmatch(value):
        return False
    return not _PATH.fullmatch(value) or bool(_DENSE.search(value))  # base64 may begin with a slash
