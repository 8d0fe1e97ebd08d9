"""What a call costs: the endpoint's own prices, else the bundled list, else nobody knows and the call is refused."""

import tomllib
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from factory.contracts.model import Endpoint, Usage
from factory.contracts.record import Json, Record
from factory.contracts.story import Yardstick

CACHE_WRITE = Decimal("1.25")  # times the input price: Anthropic's rate for an entry that lives five minutes


class Price(Record):
    """Dollars per million tokens, which is micro-dollars per token. Reasoning is billed as output."""

    input: Decimal
    cached: Decimal
    cache_write: Decimal
    output: Decimal


def price_of(endpoint: Endpoint) -> Price | None:
    """None when the price is unknown. A local endpoint costs nothing unless it says otherwise."""
    if endpoint.price_in is not None and endpoint.price_out is not None:
        price_in = _decimal(endpoint.price_in)
        written = endpoint.price_cache_write
        return Price(
            input=price_in,
            cached=price_in if endpoint.price_cached is None else _decimal(endpoint.price_cached),
            cache_write=_writing(endpoint, price_in) if written is None else _decimal(written),
            output=_decimal(endpoint.price_out),
        )
    if endpoint.tier == "local":
        return Price(input=Decimal(0), cached=Decimal(0), cache_write=Decimal(0), output=Decimal(0))
    return _listed(endpoint)


def yardstick(endpoints: Iterable[Endpoint]) -> Yardstick | None:
    """The dearest frontier endpoint whose price is known; None when there is none."""
    known = [(one, found) for one in endpoints if one.tier == "frontier" and (found := price_of(one)) is not None]
    if not known:
        return None
    endpoint, price = max(known, key=lambda each: (each[1].output, each[1].input))
    return Yardstick(endpoint=endpoint.model or endpoint.name, price_in=price.input, price_out=price.output)


def cost(price: Price, usage: Usage) -> int:
    """Micro-dollars, rounded up."""
    cached = min(usage.cached, usage.input)
    written = min(usage.cache_written, usage.input - cached)
    plain = usage.input - cached - written
    exact = plain * price.input + cached * price.cached + written * price.cache_write + usage.output * price.output
    return int(exact.to_integral_value(rounding=ROUND_CEILING))


def worst_case(price: Price, tokens_in: int, tokens_out: int) -> int:
    """Micro-dollars a call can cost at most: nothing cached, everything at the dearer of reading and cache writing."""
    exact = tokens_in * max(price.input, price.cache_write, price.cached) + tokens_out * price.output
    return int(exact.to_integral_value(rounding=ROUND_CEILING))


def _writing(endpoint: Endpoint, price_in: Decimal) -> Decimal:
    """What writing to the cache costs where nobody said it: we ask for it on the Anthropic wire."""
    return price_in * CACHE_WRITE if endpoint.wire == "anthropic" else price_in


def _listed(endpoint: Endpoint) -> Price | None:
    for table in _tables():
        if any(fnmatchcase(endpoint.model.lower(), pattern) for pattern in table["models"]):
            price_in = Decimal(table["input"])
            return Price(
                input=price_in,
                cached=Decimal(table.get("cached", price_in)),
                cache_write=Decimal(table.get("cache_write", _writing(endpoint, price_in))),
                output=Decimal(table["output"]),
            )
    return None


def _decimal(price: float) -> Decimal:
    return Decimal(str(price))


@cache
def _tables() -> list[Json]:
    text = Path(__file__).with_name("prices.toml").read_text(encoding="utf-8")
    tables: list[Json] = tomllib.loads(text)["price"]
    return tables
