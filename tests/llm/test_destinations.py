"""A prompt goes to the address that was configured, and nowhere else."""

import pytest

from factory.contracts.errors import ModelProblem, Refused
from factory.llm.models import models
from factory.llm.trial import try_endpoint
from factory.serve.scripted import serving
from tests.llm.bench import FastClock, answering, endpoint, request, script

both = pytest.mark.parametrize("wire", ["openai", "anthropic"])


@both
@pytest.mark.parametrize("tier", ["local", "frontier"])
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_told_and_not_followed(wire: str, tier: str, status: int) -> None:
    with answering(200, "{}", {"content-type": "application/json"}) as (other, stolen):
        with answering(status, headers={"location": other + "/v1/elsewhere"}) as (url, heard):
            box = endpoint(wire=wire, url=url + "/v1", tier=tier)
            model_of = models({}, FastClock())
            with pytest.raises(Refused, match=rf"box says {status} and points to {other}.*set its url") as caught:
                model_of(box).complete(request("a secret plan"))
            assert not caught.value.billed
            with pytest.raises(Refused, match="set its url"):
                model_of(box).models()  # type: ignore[attr-defined]  # both HTTP wires have it
        assert [line.partition(" ")[0] for line in heard] == ["POST", "GET"]
        assert "a secret plan" in heard[0]
    assert stolen == []


@both
def test_factory_models_test_says_where_a_redirect_points(wire: str) -> None:
    with answering(307, headers={"location": "http://elsewhere.example/v1"}) as (url, _):
        tried = try_endpoint(endpoint(wire=wire, url=url), models({}, FastClock()))
    assert not tried.works
    assert all("points to http://elsewhere.example/v1;" in check.detail for check in tried.checks)


@both
def test_a_local_endpoint_is_asked_without_the_environments_proxy(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(418, "{}") as (proxy, stolen), serving(script("yes")) as url:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        model_of = models({}, FastClock())
        box = model_of(endpoint(wire=wire, url=url + "/v1"))
        assert box.complete(request("a secret plan")).text == "yes"
        assert box.models() == ("scripted",)  # type: ignore[attr-defined]  # both HTTP wires have it
        assert stolen == []
        with pytest.raises(ModelProblem):
            model_of(endpoint("cloud", wire=wire, url="http://cloud.example/v1", tier="frontier")).complete(request())
        assert stolen  # a company's own way out is kept for what is out there
