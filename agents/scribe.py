"""The scribe: documentation for the person who uses the change."""

from agents.coding import code
from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def scribe(desk: Desk, facts: UnitFacts) -> Change:
    return code("scribe/write", desk, facts)
