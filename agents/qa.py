"""The QA tester: tests through the public interface, one for each criterion."""

from agents.coding import code
from factory.contracts.change import Change
from factory.contracts.roster import UnitFacts
from factory.contracts.seams import Desk


def qa(desk: Desk, facts: UnitFacts) -> Change:
    return code("qa/write", desk, facts)
