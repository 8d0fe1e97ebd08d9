"""llama.cpp's `llama-server`: one GGUF file, all layers on the cards. It cannot sleep: it is ended instead."""

from factory.contracts.engines import ModelSettings
from factory.gpu.engines.launch import LOOPBACK, Launch, on_cards
from factory.gpu.engines.wire import Server, WireProblem

HEALTH = "/health"
VERSION = ("/props", "build_info")
METRICS: dict[str, tuple[str, ...]] = {
    "running": ("llamacpp:requests_processing",),
    "waiting": ("llamacpp:requests_deferred",),
    "kv_use": ("llamacpp:kv_cache_usage_ratio",),  # up to 2025 only
    "prompt_tokens": ("llamacpp:prompt_tokens_total",),
    "output_tokens": ("llamacpp:tokens_predicted_total",),
}
ALL_LAYERS = "999"


def prepare(name: str, model: ModelSettings, port: int, gpus: tuple[int, ...], share: float | None) -> Launch:
    """A name that is no GGUF file is a hub id. `--n-gpu-layers` and the like may be overridden by `args`."""
    source = "--model" if model.model.lower().endswith(".gguf") else "--hf-repo"
    words = [*(model.program or ("llama-server",)), source, model.model, "--alias", name, "--host", LOOPBACK]
    words += ["--port", str(port), "--ctx-size", str(model.context), "--metrics", "--no-webui"]
    if gpus:
        words += ["--n-gpu-layers", ALL_LAYERS]
    return Launch(
        name=name, kind="llama-server", argv=(*words, *model.args), env={**on_cards(gpus), **model.env}, port=port,
        gpus=gpus, served=name,
    )  # fmt: skip


def load(server: Server, launch: Launch, timeout_s: float) -> None:
    """It answers 503 until the model is loaded."""


def sleep(server: Server, launch: Launch, level: int) -> None:
    raise WireProblem("llama-server cannot sleep: stop it")


def wake(server: Server, launch: Launch, level: int) -> None:
    raise WireProblem("llama-server cannot sleep: start it")
