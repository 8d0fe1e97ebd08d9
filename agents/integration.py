"""The integration coder: connects what other units wrote."""

from agents.coding import code
from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def integration(desk: Desk, facts: UnitFacts) -> Change:
    return code("integration/write", desk, facts)
