"""Which addresses we speak to: https, and plain http only with this machine itself."""

import re
from urllib.parse import urlsplit

from factory.contracts.errors import Refusal, UsageProblem

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[::1\])(?::\d{1,5})?"
    r"(?:/[A-Za-z0-9_.-]+)+"
)


def is_loopback(host: str | None) -> bool:
    return host in ("127.0.0.1", "localhost", "::1")


def repository_url(url: str) -> str:
    """The address of a repository, as git may be given it. Raises Refusal('not_allowed') for any other: a helper
    (`ext::…`), an option, a path, a name and password, a server over plain http."""
    found = _URL.fullmatch(url)
    if not found or any(part in (".", "..") for part in url.split("/")) or "/." in url:
        raise Refusal("not_allowed", f"{url[:100]!r} is no https address of a repository: check GITHUB_SERVER_URL.")
    if found["scheme"] == "http" and not is_loopback(found["host"].strip("[]")):
        raise Refusal("not_allowed", f"{url[:100]!r} is not encrypted: only https addresses are used.")
    return url


def api_origin(url: str) -> str:
    """The address of the API without a closing slash. Raises UsageProblem."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and is_loopback(parts.hostname)
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise UsageProblem(f"{url[:100]!r} is not the https address of GitHub's API: check GITHUB_API_URL.")
    return url.rstrip("/")
