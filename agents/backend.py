"""The back-end coder: servers, libraries, data, command lines."""

from agents.coding import code
from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def backend(desk: Desk, facts: UnitFacts) -> Change:
    return code("backend/write", desk, facts)
