"""Ollama: `ollama serve` for one model, which is loaded at once and stays until it is told to go."""

from factory.contracts.engines import ModelSettings
from factory.gpu.engines.launch import LOOPBACK, Launch, on_cards
from factory.gpu.engines.wire import Server, WireProblem

HEALTH = "/api/version"
VERSION = ("/api/version", "version")
METRICS: dict[str, tuple[str, ...]] = {}
LOAD_S = 600.0
UNLOAD_S = 60.0
STATE_S = 10.0
FOR_EVER, AT_ONCE = -1, 0  # of its `keep_alive`


def prepare(name: str, model: ModelSettings, port: int, gpus: tuple[int, ...], share: float | None) -> Launch:
    """It fits a model into what is free by itself, so `share` says nothing to it."""
    env = {
        "OLLAMA_HOST": f"{LOOPBACK}:{port}", "OLLAMA_CONTEXT_LENGTH": str(model.context), "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_MAX_LOADED_MODELS": "1", **on_cards(gpus),
    }  # fmt: skip
    if len(gpus) > 1:
        env["OLLAMA_SCHED_SPREAD"] = "1"
    argv = (*(model.program or ("ollama",)), "serve", *model.args)
    return Launch(
        name=name, kind="ollama", argv=argv, env={**env, **model.env}, port=port, gpus=gpus, served=model.model,
        sleeps=model.sleep != "off",
    )  # fmt: skip


def load(server: Server, launch: Launch, timeout_s: float) -> None:
    """A request without a prompt loads the model."""
    _keep(server, launch, FOR_EVER, timeout_s)
    if launch.served not in _loaded(server):
        raise WireProblem(f"{launch.served} is not loaded")


def sleep(server: Server, launch: Launch, level: int) -> None:
    """It has one level: the model is unloaded."""
    _keep(server, launch, AT_ONCE, UNLOAD_S)
    if launch.served in _loaded(server):
        raise WireProblem(f"{launch.served} is loaded still")


def wake(server: Server, launch: Launch, level: int) -> None:
    load(server, launch, LOAD_S)


def _keep(server: Server, launch: Launch, seconds: int, timeout_s: float) -> None:
    server.post("/api/generate", {"model": launch.served, "keep_alive": seconds, "stream": False}, timeout_s)


def _loaded(server: Server) -> set[str]:
    """Names of what is in memory; `x` stands there as `x:latest`."""
    rows = server.read("/api/ps", STATE_S).get("models")
    names = {str(row.get("name", "")) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    return names | {name.removesuffix(":latest") for name in names}
