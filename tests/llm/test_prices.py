"""Money and tokens: on the safe side, in whole micro-dollars."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.model import Message, Reply, ToolSpec, Usage
from factory.llm.prices import Price, cost, price_of, worst_case
from factory.llm.quirks import quirks_of
from factory.llm.tokens import estimate, most, planned, size, written
from tests.llm.bench import endpoint, request

counts = st.integers(min_value=0, max_value=10**7)
prices = st.decimals(min_value=0, max_value=100, places=4)


def test_the_endpoints_own_price_wins() -> None:
    own = price_of(endpoint(tier="frontier", model="gpt-5", price_in=0.1, price_out=0.2, price_cached=0.05))
    assert own == Price(input=Decimal("0.1"), cached=Decimal("0.05"), cache_write=Decimal("0.1"), output=Decimal("0.2"))
    listed = price_of(endpoint(tier="frontier", model="GPT-5-2025-08-07"))
    assert listed is not None
    assert (listed.input, listed.cached, listed.output) == (Decimal("1.25"), Decimal("0.125"), Decimal(10))


@pytest.mark.parametrize("name", ["gpt-5-pro", "claude-opus-9", "gpt-6", ""])
def test_what_nobody_wrote_down_has_no_price(name: str) -> None:
    assert price_of(endpoint(tier="frontier", model=name)) is None
    assert price_of(endpoint(tier="rented", model=name)) is None
    free = price_of(endpoint(tier="local", model=name))
    assert free is not None
    assert cost(free, Usage(input=10**9, output=10**9)) == 0


def test_each_kind_of_token_has_its_price() -> None:
    price = Price(input=Decimal(5), cached=Decimal("0.5"), cache_write=Decimal("6.25"), output=Decimal(25))
    usage = Usage(input=1000, cached=600, cache_written=300, output=10, reasoning=4)
    assert cost(price, usage) == 100 * 5 + 300 + 1875 + 250
    assert cost(price, Usage(cached=1, input=1)) == 1  # half a micro-dollar, rounded up


@given(counts, counts, counts, counts, prices, prices)
def test_no_call_costs_more_than_its_worst_case(
    input: int, cached: int, written: int, output: int, low: Decimal, high: Decimal
) -> None:
    price = Price(input=high, cached=low, cache_write=max(low, high), output=high)
    usage = Usage(input=input, cached=cached, cache_written=written, output=output)
    assert 0 <= cost(price, usage) <= worst_case(price, input, output)


def test_writing_to_the_cache_is_a_quarter_dearer_on_the_wire_that_asks_for_it() -> None:
    """Anthropic bills 1.25 times the input price, and every request of ours sets breakpoints."""
    own = {"tier": "frontier", "price_in": 4, "price_out": 8}
    used = Usage(input=1000, cache_written=1000)
    for wire, rate in (("anthropic", 5), ("openai", 4)):
        price = price_of(endpoint(wire=wire, **own))
        assert price is not None
        assert cost(price, used) == rate * 1000 == worst_case(price, 1000, 0)
    said = price_of(endpoint(wire="anthropic", price_cache_write=4, **own))
    assert said is not None
    assert said.cache_write == 4
    listed = price_of(endpoint(wire="anthropic", tier="frontier", model="gpt-5"))  # a table without its own rate
    assert listed is not None
    assert listed.cache_write == Decimal("1.25") * listed.input


DENSE = {"one token for each byte": "世界🌍ü", "digits": "3141592653", "signs": "{}[]();"}


@pytest.mark.parametrize("text", DENSE.values(), ids=DENSE)
def test_a_reservation_counts_each_byte_that_may_be_a_token(text: str) -> None:
    made = request(messages=(Message(role="user", text=text * 50),))
    assert most(made) >= len(text.encode()) * 50
    assert written(Reply(text=text)) == len(text.encode())


def test_a_reservation_counts_what_a_server_adds_for_tools() -> None:
    tool = ToolSpec(name="read", description="Reads.", parameters={})
    assert most(request(tools=(tool,))) > most(request()) + 500


@given(st.text())
def test_estimates_count_bytes_and_round_up(text: str) -> None:
    made = request(messages=(Message(role="user", text=text),))
    assert estimate(text) == math.ceil(len(text.encode()) / 3)
    assert planned(made) <= most(made)
    assert size(made) == len(text.encode())


def test_quirks_are_merged_later_ones_winning() -> None:
    assert quirks_of("gpt-5-mini").limit == "max_completion_tokens"
    assert not quirks_of("o3").temperature
    assert quirks_of("Qwen/Qwen3.5-27B-FP8").thinking_off == {"chat_template_kwargs": {"enable_thinking": False}}
    assert quirks_of("Qwen/Qwen3-Coder-30B").thinking_off == {}
    assert not quirks_of("claude-sonnet-4-20250514").json_schema
    assert quirks_of("anything").json_schema
