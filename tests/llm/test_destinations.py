"""A prompt goes to the address that was configured, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from factory.contracts.errors import Refused
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


ASK = """
import os, sys
from factory.contracts.errors import ModelProblem
from factory.llm.models import models
from tests.llm.bench import FastClock, endpoint, request

for wire in ("openai", "anthropic"):
    one = models({}, FastClock())(endpoint(wire=wire, url=sys.argv[1], tier=sys.argv[2]))
    for ask in (lambda: one.complete(request("a secret plan")).text, one.models):
        try:
            print(ask())
        except ModelProblem as problem:
            print(type(problem).__name__)
"""


@pytest.mark.parametrize(("tier", "by_proxy"), [("local", False), ("frontier", True)])
def test_a_local_endpoint_is_asked_without_the_environments_proxy(tier: str, by_proxy: bool) -> None:
    """A company's way out is for what is out there; what is near is asked directly."""
    root = Path(__file__).parents[2]
    with answering(418, "{}") as (proxy, heard), serving(script("yes", "yes")) as url:
        environment = {**os.environ, "PYTHONPATH": str(root), "no_proxy": "", "NO_PROXY": ""}
        environment |= dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), proxy)
        argv = [sys.executable, "-c", ASK, url + "/v1", tier]
        said = subprocess.run(argv, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.split("\n") == [*(["Refused"] * 4 if by_proxy else ["yes", "('scripted',)"] * 2), ""]
    assert len(heard) == 4 * by_proxy
