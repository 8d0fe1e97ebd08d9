"""An endpoint that already runs and is somebody else's: watched, never started or stopped."""

from dataclasses import dataclass

from factory.gpu.engines import llama_server, vllm
from factory.gpu.engines.health import Health, look, measure
from factory.gpu.engines.wire import Server, WireProblem

PATHS = ("/health", "/v1/models", "/api/version")  # what it is, is not known: whichever answers


@dataclass(frozen=True)
class External:
    """`url` as in [endpoint.…]: with or without the /v1 at its end."""

    name: str
    url: str

    @property
    def server(self) -> Server:
        return Server(self.url.rstrip("/").removesuffix("/v1"))

    def healthy(self, timeout_s: float = 2.0) -> Health:
        """Alive when any of the usual paths answers; an answer that asks for a key is one."""
        found = Health("dead", "no path to ask")
        for path in PATHS:
            found = look(self.server, path, timeout_s)
            if found.state != "dead":
                return found
            if found.said.startswith(("HTTP 401", "HTTP 403")):
                return Health("ok")
            if not found.said.startswith("HTTP 4"):
                return found
        return found

    def metrics(self) -> dict[str, float]:
        """What it measures, when it is a vLLM or a llama-server and shows it; else {}."""
        names = {
            ours: vllm.METRICS.get(ours, ()) + llama_server.METRICS.get(ours, ())
            for ours in {*vllm.METRICS, *llama_server.METRICS}
        }
        try:
            return measure(self.server, names)
        except WireProblem:
            return {}
