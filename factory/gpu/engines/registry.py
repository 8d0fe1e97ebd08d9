"""Which engines there are. A new one is a module and a line here."""

from factory.contracts.engines import EngineKind, ModelSettings
from factory.gpu.engines import llama_server, ollama, vllm
from factory.gpu.engines.launch import Engine, Launch

ENGINES: dict[EngineKind, Engine] = {"llama-server": llama_server, "ollama": ollama, "vllm": vllm}


def launch(
    name: str, model: ModelSettings, port: int, gpus: tuple[int, ...], share: float | None = None, variant: str = ""
) -> Launch:
    """How `model` is started on these cards. `share`: part of each card's memory it may take, for engines that ask.

    `variant`: the size of an elastic checkpoint that is served instead, under the variant's own name.
    """
    if variant:
        size = model.variants[variant]
        model = model.but(args=(*model.args, *size.args))
        name = size.model
    return ENGINES[model.engine].prepare(name, model, port, gpus, share)
