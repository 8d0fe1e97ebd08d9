"""The config.json of a model on a hub, fetched only when a person asks for it. HF_ENDPOINT and HF_TOKEN count."""

import re
from collections.abc import Mapping

from factory.contracts.errors import UsageProblem
from factory.gpu.geometry import LARGEST_FILE, parse_config
from factory.gpu.records import Geometry

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
    if not base.startswith(("https://", "http://")):
        raise UsageProblem("HF_ENDPOINT is no http address: unset it or give the hub's own.")
    token = environment.get("HF_TOKEN", "").strip() if _SAFE.match(base) else ""
    if not (token.isascii() and (token.isprintable() or not token)):
        raise UsageProblem("HF_TOKEN holds characters that no token has: set it anew.")
    text = _read(f"{base}/{name}/resolve/main/config.json", token, name)
    return parse_config(text, f"the config.json of {name}", name.partition("/")[2])


def _read(url: str, token: str, name: str) -> bytes:
    """What stands there, a byte more than allowed at most. No message of another library's goes into an error."""
    import http.client
    import urllib.error
    import urllib.request

    try:
        request = urllib.request.Request(url)  # noqa: S310  the caller has looked at the scheme
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  as above
            found: bytes = answer.read(LARGEST_FILE + 1)
            return found
    except urllib.error.HTTPError as error:
        why = _WHY.get(error.code, f"gives HTTP {error.code}")
        raise UsageProblem(f"The config.json of {name} {why}: name a config.json file instead.") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        said = error.reason if isinstance(error, urllib.error.URLError) else type(error).__name__
        raise UsageProblem(f"The hub cannot be reached ({said}): name a config.json file instead.") from None
