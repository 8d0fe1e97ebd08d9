"""The visual tester: what a user sees, its structure and accessibility."""

from agents.coding import code
from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def visual(desk: Desk, facts: UnitFacts) -> Change:
    return code("visual/write", desk, facts)
