"""The front-end coder: what runs in the browser."""

from agents.coding import code
from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def frontend(desk: Desk, facts: UnitFacts) -> Change:
    return code("frontend/write", desk, facts)
