"""Counts for Prometheus, in a registry of the gateway's own."""

from typing import TYPE_CHECKING

from factory.contracts.model import Endpoint, Usage
from factory.serve.ask import Ask

if TYPE_CHECKING:
    from prometheus_client import Histogram

NAME = "factory_gateway"
SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Names begin with factory_gateway_; labels are names from the settings, never a client's words."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge

        self.registry: CollectorRegistry = CollectorRegistry()
        home = self.registry
        self._answers = Counter(f"{NAME}_answers", "Exchanges with an endpoint", ["endpoint", "form"], registry=home)
        self._tokens = Counter(f"{NAME}_tokens", "Tokens", ["endpoint", "kind"], registry=home)
        self._cost = Counter(f"{NAME}_cost_microdollars", "Money spent", ["endpoint", "key"], registry=home)
        self._refused = Counter(f"{NAME}_refused", "Requests refused", ["kind"], registry=home)
        self._fallbacks = Counter(
            f"{NAME}_fallbacks", "Endpoints given up for a request", ["endpoint", "kind"], registry=home
        )
        self._seconds = self._histogram("seconds", "Whole exchange")
        self._first = self._histogram("first_token_seconds", "To the first token")
        self._waited = self._histogram("queue_seconds", "Wait for a place")
        self.in_flight = Gauge(f"{NAME}_in_flight", "Requests with a place", ["endpoint"], registry=home)
        self.queued = Gauge(f"{NAME}_queued", "Requests that wait", ["endpoint"], registry=home)

    def _histogram(self, name: str, what: str) -> "Histogram":
        from prometheus_client import Histogram

        return Histogram(f"{NAME}_{name}", what, ["endpoint"], buckets=SECONDS, registry=self.registry)

    def exchanged(self, endpoint: Endpoint, ask: Ask, usage: Usage, cost: int, seconds: float) -> None:
        name = endpoint.name
        self._answers.labels(name, ask.form).inc()
        self._tokens.labels(name, "in").inc(usage.input)
        self._tokens.labels(name, "out").inc(usage.output)
        if usage.cached:
            self._tokens.labels(name, "cached").inc(usage.cached)
        if cost:
            self._cost.labels(name, ask.key).inc(cost)
        self._seconds.labels(name).observe(seconds)

    def first_token(self, endpoint: str, seconds: float) -> None:
        self._first.labels(endpoint).observe(seconds)

    def waited(self, endpoint: str, seconds: float) -> None:
        self._waited.labels(endpoint).observe(seconds)

    def fallback(self, endpoint: str, kind: str) -> None:
        self._fallbacks.labels(endpoint, kind).inc()

    def refused(self, kind: str) -> None:
        self._refused.labels(kind).inc()

    def page(self) -> bytes:
        """Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)
