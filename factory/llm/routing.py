"""Which endpoints may answer a request, best first: the one router of the line and of the gateway."""

from factory.contracts.errors import Stopped
from factory.contracts.model import GRADES, Endpoint, Tier, within
from factory.settings import Settings

FREE_CHOICE = ("", "auto", "factory")  # what a client sends as a model's name when it leaves the choice to us


def chain(
    settings: Settings, role: str, effort: int, ceiling: Tier, avoid: tuple[str, ...] = ()
) -> tuple[Endpoint, ...]:
    """The chain of a role at an effort, without what is above the ceiling or in `avoid`. Raises Stopped('no_model')."""
    found = settings.endpoints_for(role, effort)
    if not found:
        raise Stopped(
            "no_model",
            f"No model endpoint answers for the role {role} at effort {effort}: put an "
            '[endpoints.NAME] table with wire = "openai" or "anthropic", url, model and tier into factory.toml'
            + (", and name it in a [[chain]]." if settings.chain else "."),
        )
    allowed = tuple(item for item in found if within(item.tier, ceiling) and item.name not in avoid)
    if not allowed:
        above = ", ".join(f"{item.name} ({item.tier})" for item in found)
        raise Stopped(
            "no_model",
            f"No endpoint for the role {role} is within the ceiling {ceiling!r} or left to ask; "
            f"the chain is: {above}. Add an endpoint to the chain, or raise line.ceiling in factory.toml.",
        )
    return allowed


def named(settings: Settings, alias: str) -> tuple[Endpoint, ...]:
    """What a client may mean by a model's name: a chain, a model tier, an endpoint, or a model's own name, in this
    order. () when it means nothing."""
    for each in settings.chain:
        if each.name and each.name == alias:
            return tuple(map(settings.endpoint, each.endpoints))
    if alias in GRADES:
        low, _ = GRADES[alias]
        return settings.endpoints_for("*", low)
    if alias in settings.names:
        return (settings.endpoint(alias),)
    return tuple(one for one in map(settings.endpoint, settings.names) if one.model == alias)


def aliases(settings: Settings) -> tuple[str, ...]:
    """Every name that `named` knows, for /v1/models: tiers first, then chains, endpoints."""
    chains = [each.name for each in settings.chain if each.name]
    return tuple(dict.fromkeys(["auto", *GRADES, *chains, *settings.names]))
