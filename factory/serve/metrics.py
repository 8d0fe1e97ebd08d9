"""Counts for Prometheus: plain numbers on the way of a request, made into its format when somebody asks."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from factory.contracts.model import Endpoint, Usage
from factory.serve.ask import Ask

if TYPE_CHECKING:
    from prometheus_client.core import Metric

NAME = "factory_gateway"
SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
HISTOGRAMS = {
    "seconds": "Whole exchanges with an endpoint",
    "first_token_seconds": "From sending to the first token",
    "queue_seconds": "Wait for a place",
    "predicted_first_token_seconds": "What was expected, when a request came, until its first token: wait and prompt",
}
COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "answers": ("Exchanges with an endpoint", ("endpoint", "form")),
    "tokens": ("Tokens", ("endpoint", "kind")),
    "cost_microdollars": ("Money spent", ("endpoint", "key")),
    "fallbacks": ("Endpoints given up for a request", ("endpoint", "kind")),
    "refused": ("Requests refused", ("kind",)),
}
ENGINE = {  # what servers say of themselves: factory/serve/watch.py
    "up": "1: the server answers",
    "running": "Requests that the server says it runs",
    "waiting": "Requests that wait inside the server",
    "kv_use": "Used share of its KV cache",
    "prefix_queries": "Prompt tokens looked up in its prefix cache, since it started",
    "prefix_hits": "Prompt tokens found there",
    "prompt_tokens": "Prompt tokens since it started",
    "output_tokens": "Tokens written since it started",
    "preemptions": "Requests that it threw out to make room, since it started",
}
GAUGES = {"in_flight": "Requests with a place", "queued": "Requests that wait"}


@dataclass(slots=True)
class Spread:
    """A histogram: how many values fell into each bucket, and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    sum: float = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(SECONDS, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus wants them: (upper bound, how many are at most so large)."""
        total, made = 0, []
        for bound, count in zip((*map(str, SECONDS), "+Inf"), self.counts, strict=True):
            total += count
            made.append((bound, float(total)))
        return made


class Metrics:
    """Labels are names from the settings, never a client's words. A gauge is asked when the page is made."""

    def __init__(self, servers: Callable[[], Mapping[str, Mapping[str, float]]] = dict) -> None:
        """`servers`: what they measure of themselves, by endpoint."""
        self._servers = servers
        self._spreads: dict[tuple[str, str], Spread] = {}  # by name and endpoint
        self._counts: dict[str, Counter[tuple[str, ...]]] = {name: Counter() for name in COUNTERS}
        self._gauges: dict[tuple[str, str], Callable[[], int]] = {}

    def gauge(self, name: str, endpoint: str, value: Callable[[], int]) -> None:
        self._gauges[name, endpoint] = value

    def exchanged(self, endpoint: Endpoint, ask: Ask, usage: Usage, cost: int, seconds: float) -> None:
        name, tokens = endpoint.name, self._counts["tokens"]
        self._counts["answers"][name, ask.form] += 1
        tokens[name, "in"] += usage.input
        tokens[name, "out"] += usage.output
        tokens[name, "cached"] += usage.cached
        if cost:
            self._counts["cost_microdollars"][name, ask.key] += cost
        self._spread("seconds", name).add(seconds)

    def first_token(self, endpoint: str, seconds: float) -> None:
        self._spread("first_token_seconds", endpoint).add(seconds)

    def waited(self, endpoint: str, seconds: float) -> None:
        self._spread("queue_seconds", endpoint).add(seconds)

    def expected(self, endpoint: str, seconds: float) -> None:
        self._spread("predicted_first_token_seconds", endpoint).add(seconds)

    def fallback(self, endpoint: str, kind: str) -> None:
        self._counts["fallbacks"][endpoint, kind] += 1

    def refused(self, kind: str) -> None:
        self._counts["refused"][(kind,)] += 1

    def collect(self) -> "Iterator[Metric]":
        """Implements prometheus_client's Collector."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for name, (what, labels) in COUNTERS.items():
            counter = CounterMetricFamily(f"{NAME}_{name}", what, labels=labels)
            for values, count in sorted(self._counts[name].items()):
                counter.add_metric(values, count)
            yield counter
        for name, what in HISTOGRAMS.items():
            histogram = HistogramMetricFamily(f"{NAME}_{name}", what, labels=["endpoint"])
            for (kind, endpoint), spread in sorted(self._spreads.items(), key=lambda item: item[0]):
                if kind == name:
                    histogram.add_metric([endpoint], spread.buckets(), spread.sum)
            yield histogram
        for name, what in GAUGES.items():
            gauge = GaugeMetricFamily(f"{NAME}_{name}", what, labels=["endpoint"])
            for (kind, endpoint), value in sorted(self._gauges.items(), key=lambda item: item[0]):
                if kind == name:
                    gauge.add_metric([endpoint], value())
            yield gauge
        servers = sorted(self._servers().items())
        for name, what in ENGINE.items():
            gauge = GaugeMetricFamily(f"factory_server_{name}", what, labels=["endpoint"])
            for endpoint, said in servers:
                if name in said:
                    gauge.add_metric([endpoint], said[name])
            yield gauge

    def page(self) -> bytes:
        """Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def _spread(self, name: str, endpoint: str) -> Spread:
        found = self._spreads.get((name, endpoint))
        if found is None:
            found = self._spreads[name, endpoint] = Spread()
        return found
