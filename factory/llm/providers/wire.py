"""What both HTTP wires share: keys, headers, counting."""

from collections.abc import Mapping
from typing import Any

from factory.contracts.errors import WrongKey
from factory.contracts.model import Endpoint, Request

NO_KEY = "none"  # local servers ask for none, but the SDKs want one


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
    if run:
        made["X-Factory-Run"] = run
    if request.sample:
        made["X-Factory-Sample"] = str(request.sample)
    return made


def number(value: Any) -> int:
    """A count from somebody else's JSON; 0 when it is none."""
    return value if isinstance(value, int) and value > 0 else 0
