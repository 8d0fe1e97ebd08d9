"""Where a task goes: the box, the swarm, somebody else's agent, another workflow, or only a word to people. Pure."""

from typing import Literal

from factory.contracts.record import Record
from factory.contracts.ticket import Purpose

Destination = Literal["local_agent", "swarm", "copilot_task", "agentic_trigger", "notify"]
DESTINATIONS: tuple[Destination, ...] = ("local_agent", "swarm", "copilot_task", "agentic_trigger", "notify")
STAYS = ("private", "privacy:local")  # the work stays on the box, also when it is offline
PRIVATE_LABELS = (*STAYS, "agent:local")  # asked for the box

SWARM, LOCAL, REFINE = "factory-swarm", "factory-local", "factory-refine"
_BOX: dict[Purpose, str] = {"revise": "factory-revise", "review": "factory-review"}


def box_event(purpose: Purpose, proven: bool = False) -> str:
    """The type of the repository_dispatch that the box's workflow takes. `proven`: what it gets needs refining only.

    A name that no workflow listens to would lose the errand without a word: tests hold these to the YAML."""
    return REFINE if proven else _BOX.get(purpose, LOCAL)


class Signals(Record):
    """What `auto` is decided from. Everything is known by a machine; no model is asked."""

    effort: int = 5  # 1-10
    labels: tuple[str, ...] = ()
    cloud_endpoints: bool = False  # can hosted jobs ask any model?
    box_waiting: int = 0  # jobs that wait for the box already
    box_offline: Literal["park", "cloud"] = "park"
    route_effort: int = 5  # settings.github.route_effort


class Route(Record):
    to: Destination
    why: str  # one sentence for the status comment


def choose(signals: Signals) -> Route:
    """`auto`: privacy first, then what is possible at all, then effort and the queue. Never Copilot by itself."""
    private = next((label for label in signals.labels if label in PRIVATE_LABELS), "")
    if private:
        return Route(to="local_agent", why=f"The label `{private}` keeps it on the box.")
    if not signals.cloud_endpoints:
        return Route(to="local_agent", why="No endpoint is configured that a hosted job could ask.")
    if signals.effort >= signals.route_effort:
        return Route(
            to="swarm", why=f"Effort {signals.effort} of 10 is worth a fan-out (from {signals.route_effort} on)."
        )
    if signals.box_waiting >= 2 and signals.box_offline == "cloud":
        return Route(to="swarm", why=f"{signals.box_waiting} jobs wait for the box already.")
    return Route(to="local_agent", why=f"Effort {signals.effort} of 10 is one job for the box.")
