"""The engines there are, and how each is started."""

import sys
from pathlib import Path
from typing import get_args

import pytest

from factory.app import SystemClock
from factory.contracts.engines import EngineKind, ModelSettings
from factory.contracts.errors import Stopped
from factory.gpu.engines.process import Process
from factory.gpu.engines.registry import ENGINES, launch
from tests.gpu.engines.bench import PATIENCE, free_port

OTHER = (sys.executable, "-S", str(Path(__file__).with_name("fake_server.py")))


def settings(**about: object) -> ModelSettings:
    return ModelSettings.model_validate({"engine": "vllm", "model": "org/m", "gib": 20, **about})


def value(argv: tuple[str, ...], flag: str) -> str:
    return argv[argv.index(flag) + 1]


def test_the_registry_is_whole_and_sorted() -> None:
    assert list(ENGINES) == sorted(get_args(EngineKind))


def test_vllm() -> None:
    made = launch("big", settings(cards=2, context=4096, args=("--max-num-seqs", "4")), 8001, (1, 0), share=0.85)
    assert made.argv[:3] == ("vllm", "serve", "org/m")
    wanted = {"--port": "8001", "--host": "127.0.0.1", "--served-model-name": "big", "--max-model-len": "4096",
              "--tensor-parallel-size": "2", "--gpu-memory-utilization": "0.8500"}  # fmt: skip
    assert {flag: value(made.argv, flag) for flag in wanted} == wanted
    assert made.argv[-2:] == ("--max-num-seqs", "4")  # the last one counts
    assert {"--enable-sleep-mode", "--enable-prefix-caching"} <= set(made.argv)
    assert (made.env["CUDA_VISIBLE_DEVICES"], made.env["CUDA_DEVICE_ORDER"]) == ("1,0", "PCI_BUS_ID")
    assert (made.env["VLLM_SERVER_DEV_MODE"], made.served, made.sleeps) == ("1", "big", True)


def test_vllm_that_may_not_sleep_has_no_developer_paths() -> None:
    made = launch("big", settings(sleep="off", env={"A": "b"}), 8001, ())
    assert not made.sleeps
    assert not {"--enable-sleep-mode", "--gpu-memory-utilization"} & set(made.argv)
    assert made.env == {"VLLM_NO_USAGE_STATS": "1", "A": "b"}


def test_a_variant_of_an_elastic_checkpoint() -> None:
    sizes = {"small": {"model": "m-small", "args": ("--hf-overrides", "{}")}}
    made = launch("m", settings(variants=sizes, args=("--seed", "1")), 8001, (0,), variant="small")
    assert (made.served, value(made.argv, "--served-model-name"), value(made.argv, "--seed")) == ("m-small",) * 2 + (
        "1",
    )
    assert made.argv[-2:] == ("--hf-overrides", "{}")


def test_ollama() -> None:
    made = launch("chat", settings(engine="ollama", model="qwen3:8b", context=8192), 11500, (0, 1))
    assert made.argv == ("ollama", "serve")
    assert (made.env["OLLAMA_HOST"], made.env["OLLAMA_CONTEXT_LENGTH"]) == ("127.0.0.1:11500", "8192")
    assert (made.env["OLLAMA_KEEP_ALIVE"], made.env["OLLAMA_SCHED_SPREAD"], made.served) == ("-1", "1", "qwen3:8b")


@pytest.mark.parametrize(("model", "flag"), [("/models/a.GGUF", "--model"), ("org/repo:Q4_K_M", "--hf-repo")])
def test_llama_server(model: str, flag: str) -> None:
    made = launch("gguf", settings(engine="llama-server", model=model, args=("--n-cpu-moe", "8")), 9000, (0,))
    assert made.argv[:3] == ("llama-server", flag, model)
    assert (value(made.argv, "--alias"), value(made.argv, "--ctx-size"), value(made.argv, "--n-gpu-layers")) == (
        "gguf", "65536", "999"
    )  # fmt: skip
    assert "--metrics" in made.argv
    assert (made.argv[-2:], made.sleeps) == (("--n-cpu-moe", "8"), False)


def test_ollama_as_a_process(tmp_path: Path) -> None:
    made = Process(
        launch("o", settings(engine="ollama", model="tiny", program=OTHER), free_port(), ()), tmp_path, SystemClock()
    )
    try:
        made.start()
        ready = made.wait_ready(PATIENCE)
        assert (ready.version, ready.boot) == ("0.99.1", None)
        assert loaded(made) == ["tiny:latest"]
        made.sleep(1)
        assert (made.state, loaded(made)) == ("asleep", [])
        made.wake()
        assert (made.state, loaded(made), made.metrics()) == ("ready", ["tiny:latest"], {})
    finally:
        made.stop(0)


@pytest.mark.parametrize(("model", "words"), [("none", "model 'none' not found"), ("tiny", "")])
def test_ollama_without_the_model(tmp_path: Path, model: str, words: str) -> None:
    made = Process(
        launch("o", settings(engine="ollama", model=model, program=OTHER), free_port(), ()), tmp_path, SystemClock()
    )
    try:
        made.start()
        if not words:
            made.wait_ready(PATIENCE)
            return
        with pytest.raises(Stopped, match=words):
            made.wait_ready(PATIENCE)
        assert made.state == "failed"
    finally:
        made.stop(0)


def test_a_model_that_ollama_does_not_let_go(tmp_path: Path) -> None:
    made = Process(
        launch("o", settings(engine="ollama", model="stuck", program=OTHER), free_port(), ()), tmp_path, SystemClock()
    )
    try:
        made.start()
        made.wait_ready(PATIENCE)
        with pytest.raises(Stopped, match="stuck is loaded still"):
            made.sleep(1)
        assert made.state == "ready"
    finally:
        made.stop(0)


def test_llama_server_as_a_process(tmp_path: Path) -> None:
    told = settings(engine="llama-server", model="a.gguf", program=OTHER)
    made = Process(launch("l", told, free_port(), ()), tmp_path, SystemClock())
    try:
        made.start()
        assert made.wait_ready(PATIENCE).version == "b9999-abc"
        assert made.metrics() == {"running": 2.0}
        with pytest.raises(Stopped, match="cannot sleep: stop it instead"):
            made.sleep(1)
    finally:
        made.stop(0)


def loaded(made: Process) -> list[str]:
    return [row["name"] for row in made.server.read("/api/ps", PATIENCE)["models"]]
