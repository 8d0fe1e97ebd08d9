"""vLLM: `vllm serve`. It sleeps where it is allowed to, gives metrics, and says in its log what it found."""

from factory.contracts.engines import ModelSettings
from factory.gpu.engines.launch import LOOPBACK, Launch, on_cards
from factory.gpu.engines.wire import Server, WireProblem

HEALTH = "/health"
VERSION = ("/version", "version")
METRICS: dict[str, tuple[str, ...]] = {
    "running": ("vllm:num_requests_running",),
    "waiting": ("vllm:num_requests_waiting",),
    "kv_use": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
    "prefix_hits": ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
    "prefix_queries": ("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"),
    "prompt_tokens": ("vllm:prompt_tokens_total",),
    "output_tokens": ("vllm:generation_tokens_total",),
    "preemptions": ("vllm:num_preemptions_total",),
}
SLEEP_S = 120.0  # level 1 copies all weights to host memory
WAKE_S = 300.0  # level 2 reads them from the disk again
STATE_S = 10.0


def prepare(name: str, model: ModelSettings, port: int, gpus: tuple[int, ...], share: float | None) -> Launch:
    """`share`: of each card's memory, 0..1; None leaves vLLM's own. `args` come last: with vLLM the last one counts."""
    words = [*(model.program or ("vllm",)), "serve", model.model, "--host", LOOPBACK, "--port", str(port)]
    words += ["--served-model-name", name, "--max-model-len", str(model.context)]
    words += ["--tensor-parallel-size", str(model.cards), "--enable-prefix-caching"]
    if share is not None:
        words += ["--gpu-memory-utilization", f"{share:.4f}"]
    env = {"VLLM_NO_USAGE_STATS": "1", **on_cards(gpus)}
    if model.sleep != "off":
        words.append("--enable-sleep-mode")
        env["VLLM_SERVER_DEV_MODE"] = "1"  # without it there is no way to ask for sleep
    return Launch(
        name=name, kind="vllm", argv=(*words, *model.args), env={**env, **model.env}, port=port, gpus=gpus, served=name,
        sleeps=model.sleep != "off",
    )  # fmt: skip


def load(server: Server, launch: Launch, timeout_s: float) -> None:
    """It answers only when the model is loaded."""


def sleep(server: Server, launch: Launch, level: int) -> None:
    """Level 1 keeps the weights in host memory, 2 drops them; the KV cache is gone with both."""
    server.post(f"/sleep?level={level}", None, SLEEP_S)
    _expect(server, asleep=True)


def wake(server: Server, launch: Launch, level: int) -> None:
    """After level 2 the weights' memory comes first, then the weights, and the KV cache last: so the peak stays low."""
    if level == 2:
        server.post("/wake_up?tags=weights", None, WAKE_S)
        server.post("/collective_rpc", {"method": "reload_weights"}, WAKE_S)
        server.post("/wake_up?tags=kv_cache", None, WAKE_S)
        server.post("/reset_prefix_cache", None, STATE_S)
    else:
        server.post("/wake_up", None, WAKE_S)
    _expect(server, asleep=False)


def _expect(server: Server, asleep: bool) -> None:
    if server.read("/is_sleeping", STATE_S).get("is_sleeping") is not asleep:
        raise WireProblem(f"it says that it is {'not asleep' if asleep else 'asleep still'}")
