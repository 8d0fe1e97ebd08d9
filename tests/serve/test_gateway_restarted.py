"""LLM-08: a model server that comes back with another model, or with less room."""

from collections.abc import Iterator

import pytest

from factory.contracts.record import Json
from tests.serve.conftest import Start
from tests.serve.upstream_double import Script, Step, answer, upstream, whole


def other_model(body: Json, number: int) -> Iterator[Step]:
    """As vLLM says it."""
    gone = {"error": {"message": "The model `m` does not exist.", "type": "NotFoundError", "code": 404}}
    yield whole() if number == 1 else answer(gone, "404 Not Found")


def less_room(body: Json, number: int) -> Iterator[Step]:
    text = "This model's maximum context length is 16 tokens. However, you requested 60 tokens."
    yield whole() if number == 1 else answer({"error": {"message": text}}, "400 Bad Request")


@pytest.mark.parametrize(("script", "kind"), [(other_model, "missing"), (less_room, "too_long")])
def test_llm_08_the_next_answers_and_the_mismatch_is_told(script: Script, kind: str, box: Start) -> None:
    with upstream(script) as again, upstream() as fine:
        gate = box(endpoints={"again": {"url": again.url}, "fine": {"url": fine.url, "model": "other"}})
        assert gate.chat().headers["x-factory-endpoint"] == "again"
        said = gate.chat()
        assert (said.status_code, said.headers["x-factory-endpoint"]) == (200, "fine")
        assert said.headers["x-factory-fallback"] == f"again ({kind})"
        ((_, told),) = [each for each in gate.said if each[0] == "failed"]
        assert (told["endpoint"], told["next"]) == ("again", "fine")
        assert f'factory_gateway_fallbacks_total{{endpoint="again",kind="{kind}"}} 1.0' in gate.client.get(
            f"{gate.url}/metrics"
        ).text  # fmt: skip
        gate.stop()
        assert gate.rows("SELECT endpoint, after FROM spend ORDER BY id")[-1] == ("fine", f"again ({kind})")


@pytest.mark.parametrize(("script", "status"), [(other_model, 502), (less_room, 400)])
def test_llm_08_without_a_next_the_client_is_told_which_server(script: Script, status: int, box: Start) -> None:
    with upstream(script) as again:
        gate = box(endpoints={"again": {"url": again.url}})
        assert gate.chat().status_code == 200
        said = gate.messages()
        assert (said.status_code, said.json()["type"]) == (status, "error")
