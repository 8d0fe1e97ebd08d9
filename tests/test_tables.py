"""Tables that must name the same things as the types beside them."""

from typing import get_args

from agents.roster import roster
from factory.contracts.errors import EXIT_CODES, StopReason
from factory.contracts.model import Endpoint
from factory.contracts.plan import CoderRole, Unit
from factory.contracts.schemas import SCHEMAS
from factory.llm.models import WIRES
from factory.stages.generate import coder_of


def test_every_wire_has_a_provider() -> None:
    assert set(WIRES) == set(get_args(Endpoint.model_fields["wire"].annotation))


def test_every_coder_role_has_an_agent() -> None:
    for role in get_args(CoderRole):
        unit = Unit(id="u", role=role, title="t", instructions="i", owns=("a",))
        assert callable(coder_of(roster(), unit))


def test_every_reason_to_stop_has_an_exit_code() -> None:
    assert set(EXIT_CODES) == set(get_args(StopReason))
    assert set(EXIT_CODES.values()) <= {0, 1, 2, 3, 4, 130}


def test_every_record_has_a_schema() -> None:
    for name, record in SCHEMAS.items():
        assert record.model_json_schema()["title"] == name
