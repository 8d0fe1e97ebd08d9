"""The config.json of a model on a hub, fetched only when a person asks for it. HF_ENDPOINT and HF_TOKEN count."""

import re
from collections.abc import Mapping

from factory.contracts.errors import UsageProblem
from factory.gpu.geometry import LARGEST_FILE, parse_config
from factory.gpu.records import Geometry

ENDPOINT = "https://huggingface.co"
PATIENCE = 20.0  # seconds
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_WHY = {401: "needs a token (HF_TOKEN)", 403: "needs its licence accepted (HF_TOKEN)", 404: "is not there"}


def fetch(name: str, environment: Mapping[str, str]) -> Geometry:
    """The geometry of OWNER/NAME. Raises UsageProblem when the name is none, or the hub does not answer with it."""
    import urllib.error
    import urllib.request

    if not _ID.fullmatch(name) or ".." in name:
        raise UsageProblem(f"--hub needs a model's id as OWNER/NAME, not {name[:80]!r}.")
    base = environment.get("HF_ENDPOINT", "").rstrip("/") or ENDPOINT
    if not base.startswith(("https://", "http://")):
        raise UsageProblem("HF_ENDPOINT is no http address: unset it or give the hub's own.")
    request = urllib.request.Request(f"{base}/{name}/resolve/main/config.json")  # noqa: S310  the scheme is looked at
    if token := environment.get("HF_TOKEN", ""):
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  as above
            text: bytes = answer.read(LARGEST_FILE + 1)
    except urllib.error.HTTPError as error:
        why = _WHY.get(error.code, f"gives HTTP {error.code}")
        raise UsageProblem(f"The config.json of {name} {why}: name a config.json file instead.") from None
    except (OSError, ValueError) as error:
        said = error.reason if isinstance(error, urllib.error.URLError) else error
        raise UsageProblem(f"The hub cannot be reached ({said}): name a config.json file instead.") from None
    return parse_config(text, f"the config.json of {name}", name.partition("/")[2])
