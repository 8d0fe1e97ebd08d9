"""The unit tester: small tests of one function or class each."""

from agents.coding import code
from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def unit(desk: Desk, facts: UnitFacts) -> Change:
    return code("unit/write", desk, facts)
