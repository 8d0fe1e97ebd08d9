"""One timed request against a server of known speed, over real HTTP and the real SDK."""

import pytest

from factory.contracts.errors import BadReply, ModelProblem, RateLimited, Refused, Unreachable, UsageProblem, WrongKey
from factory.llm.timing import Timer, endpoint_at
from tests.llm.timing_server import Speed, timed_server, tokens_of

PROMPT = "word " * 2000 + "end."


def timer(url: str, model: str = "m", key_env: str = "") -> Timer:
    return Timer(endpoint_at(url, model, key_env), {"BOX_KEY": "secret-key"})


def test_first_token_and_rate() -> None:
    speed = Speed(base_s=0.3, prefill=10_000)
    with timed_server(speed) as url:
        found = timer(url)(PROMPT, 500)
    assert (found.prompt, found.output, found.counted, found.cached) == (tokens_of(PROMPT), 80, True, None)
    assert 0.5 <= found.first_s <= 0.8  # 0.3 s and 2,002 tokens at 10,000/s; the sign of life before does not count
    assert (found.output - 4) / (found.total_s - found.first_s) == pytest.approx(speed.decode, rel=0.3)
    (body,) = speed.bodies
    assert (body["max_tokens"], body["stream_options"]) == (500, {"include_usage": True})


def test_what_a_model_thinks_is_decoded_too() -> None:
    with timed_server(Speed(reasoning=True, longest=20)) as url:
        found = timer(url)("hello", 500)
    assert found.output == 20
    assert found.total_s > found.first_s >= 0.05


def test_without_usage_the_parts_are_counted_and_it_says_so() -> None:
    with timed_server(Speed(usage=False, longest=40)) as url:
        found = timer(url)("hello", 500)
    assert (found.output, found.counted, found.prompt) == (10, False, 0)


def test_the_key_travels() -> None:
    speed = Speed(longest=4)
    with timed_server(speed) as url:
        timer(url, key_env="BOX_KEY")("hello", 9)
    assert speed.keys == ["Bearer secret-key"]


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(401, WrongKey, "refuses the key .*--key-env"), (429, RateLimited, "429"), (400, Refused, "400"),
     (500, ModelProblem, "500")],
)  # fmt: skip
def test_an_error_is_one_typed_sentence(status: int, kind: type[ModelProblem], words: str) -> None:
    with timed_server(Speed(status=status)) as url, pytest.raises(kind, match=words) as stop:
        timer(url, key_env="BOX_KEY")("hello", 9)
    assert str(stop.value).endswith(".")
    assert "\n" not in str(stop.value)
    assert "secret-key" not in str(stop.value)


def test_nobody_there_and_nothing_said() -> None:
    with timed_server(Speed(empty=True)) as url:
        with pytest.raises(BadReply, match=r"without one token\.$"):
            timer(url)("hello", 9)
        one = timer(url)
    with pytest.raises(Unreachable, match=r"cannot be reached .*is it running\?"):
        one("hello", 9)


def test_a_key_that_is_not_set() -> None:
    with pytest.raises(WrongKey, match="NOT_SET"):
        Timer(endpoint_at("http://127.0.0.1:1", "m", "NOT_SET"), {})


def test_the_longest_request_is_asked_for() -> None:
    with timed_server(Speed(context=9000)) as url:
        assert timer(url).context() == 9000
        with pytest.raises(UsageProblem, match=r"does not offer the model 'other'; it has: m\."):
            timer(url, "other").context()
    with timed_server(Speed(models=False)) as url:
        assert timer(url).context() is None


@pytest.mark.parametrize(
    ("url", "there", "tier"),
    [("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1", "local"), ("box:8000", "http://box:8000/v1", "local"),
     ("http://10.0.0.5/v1/", "http://10.0.0.5/v1", "local"),
     ("https://gpu.example.com/x/v1", "https://gpu.example.com/x/v1", "rented")],
)  # fmt: skip
def test_addresses(url: str, there: str, tier: str) -> None:
    found = endpoint_at(url, "m")
    assert (found.url, found.tier) == (there, tier)


@pytest.mark.parametrize("url", ["", "ftp://box", "http://"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageProblem, match="--url"):
        endpoint_at(url, "m")
