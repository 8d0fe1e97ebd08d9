"""The config.json of a model on a hub, fetched only when a person asks for it. HF_ENDPOINT and HF_TOKEN count."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from factory.contracts.errors import UsageProblem
from factory.gpu.geometry import LARGEST_FILE, parse_config
from factory.gpu.records import Geometry

if TYPE_CHECKING:
    from urllib.request import Request

ENDPOINT = "https://huggingface.co"
PATIENCE = 20.0  # seconds
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_SAFE = re.compile(r"https://|http://(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/]|$)")  # where a token may be shown
_WHY = {401: "needs a token (HF_TOKEN)", 403: "needs its licence accepted (HF_TOKEN)", 404: "is not there"}


def fetch(name: str, environment: Mapping[str, str]) -> Geometry:
    """The geometry of OWNER/NAME. Raises UsageProblem when the name is none, or the hub does not answer with it."""
    if not _ID.fullmatch(name) or ".." in name:
        raise UsageProblem(f"--hub needs a model's id as OWNER/NAME, not {name[:80]!r}.")
    base = environment.get("HF_ENDPOINT", "").rstrip("/") or ENDPOINT
    token = environment.get("HF_TOKEN", "").strip() if _SAFE.match(base) else ""
    if not (token.isascii() and (token.isprintable() or not token)):
        raise UsageProblem("HF_TOKEN holds characters that no token has: set it anew.")
    text = _read(base, token, name)
    return parse_config(text, f"the config.json of {name}", name.partition("/")[2])


def _read(base: str, token: str, name: str) -> bytes:
    """What stands there, a byte more than allowed at most. No message of another library's goes into an error."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import build_opener

    try:
        request = _request(base, f"{name}/resolve/main/config.json")
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        with build_opener().open(request, timeout=PATIENCE) as answer:
            found: bytes = answer.read(LARGEST_FILE + 1)
            return found
    except HTTPError as error:
        why = _WHY.get(error.code, f"gives HTTP {error.code}")
        raise UsageProblem(f"The config.json of {name} {why}: name a config.json file instead.") from None
    except (OSError, ValueError, HTTPException) as error:
        said = error.reason if isinstance(error, URLError) else type(error).__name__
        raise UsageProblem(f"The hub cannot be reached ({said}): name a config.json file instead.") from None


def _request(base: str, path: str) -> "Request":
    """The scheme is one of these two letter by letter: no file and no ftp server is ever read."""
    from urllib.request import Request

    scheme, _, place = base.partition("://")
    if scheme == "https":
        return Request(f"https://{place}/{path}")
    if scheme == "http":
        return Request(f"http://{place}/{path}")
    raise UsageProblem("HF_ENDPOINT is no http address: unset it or give the hub's own.")
