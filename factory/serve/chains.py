"""Which endpoints a request may be sent to: by its name for a model, its effort, its wire and its ceiling."""

from factory.contracts.model import Endpoint, within
from factory.llm.routing import FREE_CHOICE, aliases, named
from factory.serve.ask import Ask
from factory.serve.errors import Refused
from factory.serve.prepare import form_for
from factory.settings import Settings

MOST = 1_000  # kinds of requests that are remembered
Chain = tuple[Endpoint, ...]


class Chains:
    """`shared`: rented machines that every key may use. A kind of request is looked up once."""

    def __init__(self, settings: Settings, shared: frozenset[str]) -> None:
        self._settings, self._shared = settings, shared
        self._known: dict[tuple[object, ...], Chain] = {}

    def of(self, ask: Ask) -> Chain:
        """Best first, at least one. Raises Refused."""
        kind = (ask.form, ask.model, ask.role, ask.effort, ask.ceiling, ask.said, ask.highest)
        chain = self._known.get(kind)
        if chain is None:
            chain = self._able(self._allowed(ask), ask)
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[kind] = chain
        return chain

    def _allowed(self, ask: Ask) -> Chain:
        """What the name means, below the ceiling."""
        found = self._meant(ask)
        if len(found) == 1 and found[0].name == ask.model and not ask.said and self._open(found[0], ask):
            return found  # whoever names one endpoint, and no ceiling, has said its tier
        allowed = tuple(one for one in found if within(one.tier, ask.ceiling) and self._open(one, ask))
        if not allowed:
            tiers = ", ".join(f"{one.name} ({one.tier})" for one in found) or "none is configured"
            raise Refused(
                "permission",
                f"No endpoint for {ask.model[:80] or 'auto'!r} is within the ceiling {ask.ceiling!r} ({tiers}). Ask "
                "for a higher one with X-Factory-Ceiling or MODEL@TIER, if your key allows it.",
            )
        return allowed

    def _meant(self, ask: Ask) -> Chain:
        if ask.model in FREE_CHOICE:
            return self._settings.endpoints_for(ask.role or "*", ask.effort)
        found = named(self._settings, ask.model)
        if not found:
            known = ", ".join(aliases(self._settings))
            raise Refused("not_found", f"There is no model {ask.model[:80]!r} here; there are: {known}.")
        return found

    def _open(self, endpoint: Endpoint, ask: Ask) -> bool:
        """May the key use it at all?"""
        return within(endpoint.tier, ask.highest) or endpoint.name in self._shared

    def _able(self, chain: Chain, ask: Ask) -> Chain:
        able = tuple(one for one in chain if form_for(ask, one) is not None)
        if not able:
            names = ", ".join(one.name for one in chain)
            raise Refused(
                "invalid_request",
                f"None of {names} speaks this wire ({ask.form}): name it in `speaks` of the endpoint if it does.",
            )
        return able
