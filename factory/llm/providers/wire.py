"""What both HTTP wires share: the connection, keys, headers, counting."""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from factory.contracts.errors import WrongKey
from factory.contracts.model import Endpoint, Request

NO_KEY = "none"  # local servers ask for none, but the SDKs want one


def http_of(sdk: ModuleType) -> Any:
    """The HTTP library under an SDK (httpx or httpx2, by its age): the home of its client's base class."""
    homes = (kind.__module__.partition(".")[0] for kind in sdk.DefaultHttpxClient.__mro__)
    return import_module(next(home for home in homes if home != sdk.__name__))


def http_client(sdk: ModuleType, endpoint: Endpoint) -> Any:
    """A client that sends a prompt to the configured address and nowhere else.

    It follows no redirect, and for the tier local it uses no proxy of the environment. The SDKs' own default client
    takes the proxies even where it is told not to.
    """
    return http_of(sdk).Client(follow_redirects=False, trust_env=endpoint.tier != "local")


def key_of(endpoint: Endpoint, environment: Mapping[str, str]) -> str:
    """The endpoint's key. Raises WrongKey when its variable is not set."""
    if not endpoint.key_env:
        return NO_KEY
    key = environment.get(endpoint.key_env, "").strip()
    if not key:
        raise WrongKey(f"the environment variable {endpoint.key_env} is not set")
    return key


def headers(endpoint: Endpoint, request: Request, run: str) -> dict[str, str]:
    """Who asks, for endpoints of our own (local, or a factory server); nothing for anybody else's."""
    if endpoint.tier != "local" and not endpoint.factory:
        return {}
    made = {"X-Factory-Role": request.role, "X-Factory-Template": request.template}
    if endpoint.tier == "local":
        made["X-Factory-Ceiling"] = "local"  # nothing was redacted or withheld: a factory server may send it no further
    if run:
        made["X-Factory-Run"] = run
    if request.sample:
        made["X-Factory-Sample"] = str(request.sample)
    return made


def number(value: Any) -> int:
    """A count from somebody else's JSON; 0 when it is none."""
    return value if isinstance(value, int) and value > 0 else 0
