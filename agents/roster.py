"""The thirteen roles, by name. mypy holds each to its signature."""

from agents.atlas import atlas, atlas_review
from agents.backend import backend
from agents.demiurge import demiurge
from agents.frontend import frontend
from agents.genesis import genesis
from agents.hydra import correctness, design, tests
from agents.injection import injection
from agents.integration import integration
from agents.qa import qa
from agents.scribe import scribe
from agents.threat import threat
from agents.unit import unit
from agents.visual import visual
from factory.contracts.roster import Roster


def roster() -> Roster:
    return Roster(
        atlas=atlas,
        atlas_review=atlas_review,
        frontend=frontend,
        backend=backend,
        integration=integration,
        unit=unit,
        qa=qa,
        visual=visual,
        scribe=scribe,
        threat=threat,
        injection=injection,
        hydra={"correctness": correctness, "tests": tests, "design": design},
        demiurge=demiurge,
        genesis=genesis,
    )
