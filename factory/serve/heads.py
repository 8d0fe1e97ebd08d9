"""Response headers in which the gateway says what it did."""

from dataclasses import dataclass, field

from factory.contracts.model import Endpoint

Heads = tuple[tuple[bytes, bytes], ...]


@dataclass(slots=True)
class Story:
    """What happened to one request on its way; becomes headers, and a line of the log when something went wrong."""

    first: str = ""  # the endpoint that was preferred
    tried: list[str] = field(default_factory=list)  # `name: why not`, in order
    waited_s: float = 0.0
    queue: int = 0  # requests before this one when it came
    predicted_s: float = 0.0  # of the wait, when it came
    first_s: float = 0.0  # predicted for the first token, from when it came
    changed: tuple[str, ...] = ()

    def heads(self, endpoint: Endpoint, request: str) -> Heads:
        """ASCII only: endpoint names come from the settings, reasons are cut."""
        made = [
            ("x-factory-request", request),
            ("x-factory-endpoint", endpoint.name),
            ("x-factory-tier", endpoint.tier),
            ("x-factory-wait-ms", f"{self.waited_s * 1000:.0f}"),
            ("x-factory-predicted-first-token-ms", f"{self.first_s * 1000:.0f}"),
        ]
        if self.queue:
            made.append(("x-factory-queue", str(self.queue)))
            made.append(("x-factory-predicted-wait-ms", f"{self.predicted_s * 1000:.0f}"))
        if self.tried:
            made.append(("x-factory-fallback", "; ".join(self.tried)[:500]))
        if self.changed:
            made.append(("x-factory-changed", ", ".join(self.changed)[:500]))
        return tuple((name.encode(), clean(value)) for name, value in made)


def clean(value: str) -> bytes:
    """A header's value: printable ASCII, nothing that could begin another header."""
    if value.isascii() and value.isprintable():
        return value.encode()
    return "".join(sign if 32 <= ord(sign) < 127 else "?" for sign in value).encode()
