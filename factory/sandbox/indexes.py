"""Which package indexes the owner of this machine uses: pip's and npm's own configuration, or their defaults.

The target's configuration is never asked: it could name any host.
"""

import configparser
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

PYPI, PYPI_FILES, NPM = "https://pypi.org/simple", "https://files.pythonhosted.org", "https://registry.npmjs.org"
_CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
Place = tuple[str, int]  # host name in lower case, port


@dataclass(frozen=True)
class Reach:
    """`places` may be reached; `named` are those the owner configured (they may be on a private network)."""

    places: frozenset[Place]
    named: frozenset[Place]
    env: Mapping[str, str]  # what tells pip, uv and npm inside about it
    certificates: Path | None  # a bundle of the owner's


def reach(environment: Mapping[str, str], hosts: Iterable[str]) -> Reach:
    """Everything an installation may reach. `hosts`: `name` or `name:port`, from the settings."""
    pip = _pip(environment)
    first = [clean for clean in map(_clean, pip["index-url"]) if clean][:1]
    extra = [clean for clean in map(_clean, pip["extra-index-url"]) if clean]
    npm, scopes = _npm(environment)
    more = [f"https://{host}" for host in hosts]
    named = {_place(url) for url in [*first, *extra, *([npm] if npm else []), *scopes, *more]}
    defaults = {_place(url) for url in ([] if first else [PYPI]) + ([] if npm else [NPM])}
    if _place(PYPI) in named | defaults:
        defaults.add(_place(PYPI_FILES))
    index = (first or [PYPI])[0]
    env = {
        "PIP_INDEX_URL": index,
        "UV_DEFAULT_INDEX": index,
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        "npm_config_registry": npm or NPM,
    }
    if extra:
        env |= {"PIP_EXTRA_INDEX_URL": " ".join(extra), "UV_INDEX": " ".join(extra)}
    return Reach(frozenset(named | defaults), frozenset(named), env, _certificates(environment))


def _place(url: str) -> Place:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or (80 if parts.scheme == "http" else 443)


def _clean(url: str) -> str:
    """The URL without credentials (nothing secret enters the sandbox); "" for what is not http, such as file://."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _pip(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """`index-url` and `extra-index-url`: variables first, then pip's files, the user's before the machine's."""
    found: dict[str, list[str]] = {"index-url": [], "extra-index-url": []}
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        found["index-url"] += environment.get(name, "").split()
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        found["extra-index-url"] += [_unnamed(word) for word in environment.get(name, "").split()]
    for path in _pip_files(environment):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue  # pip says so itself when the owner runs it
        for section in ("install", "global"):
            for key in found:
                value = parser.get(section, key, fallback="") or parser.get(section, key.replace("-", "_"), fallback="")
                found[key] += value.split()
    return found


def _unnamed(word: str) -> str:
    """uv writes an index as `name=url`."""
    name, equals, url = word.partition("=")
    return url if equals and ":" not in name else word


def _pip_files(environment: Mapping[str, str]) -> list[Path]:
    named = environment.get("PIP_CONFIG_FILE")
    if named == "/dev/null":
        return []
    home = Path(environment.get("HOME", "/nonexistent"))
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return [
        *([Path(named)] if named else []),
        config / "pip" / "pip.conf",
        home / ".pip" / "pip.conf",
        Path("/etc/pip.conf"),
        Path("/etc/xdg/pip/pip.conf"),
    ]


def _npm(environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """(the registry, "" for npm's default; the registries of scopes)."""
    registry, scopes = "", []
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        registry = registry or _clean(environment.get(name, ""))
    home = Path(environment.get("HOME", "/nonexistent"))
    for path in (Path(environment.get("NPM_CONFIG_USERCONFIG") or home / ".npmrc"), Path("/etc/npmrc")):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            key, _, value = (part.strip() for part in line.partition("="))
            if key == "registry":
                registry = registry or _clean(value)
            elif key.endswith(":registry"):
                scopes += [clean for clean in [_clean(value)] if clean]
    return registry, scopes


def _certificates(environment: Mapping[str, str]) -> Path | None:
    for name in _CERTIFICATES:
        path = Path(environment.get(name) or "/nonexistent")
        if path.is_file():
            return path.resolve()
    return None


def certificate_variables(path: str) -> dict[str, str]:
    """What makes every installer inside trust the bundle at `path`."""
    return dict.fromkeys(_CERTIFICATES, path)
