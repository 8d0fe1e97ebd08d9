"""A real vLLM under `Process` (`make test-vllm`): three ways to lay out a KV cache, a swap, a death and what follows.

Gateway-level tests can build on `starts` and `served`: an engine of one of the tiny models, started or not.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from factory.app import SystemClock
from factory.contracts.engines import ModelSettings
from factory.contracts.errors import Stopped
from factory.gpu import calibrations, capacity, cards, geometry
from factory.gpu.engines import keeper, vllm
from factory.gpu.engines.learn import learn
from factory.gpu.engines.leftovers import members
from factory.gpu.engines.process import Process, Ready
from factory.gpu.engines.registry import launch
from factory.gpu.records import Setup
from scripts.tiny_models import FOLDERS
from tests.gpu.engines.bench import free_port, until

pytestmark = pytest.mark.vllm
FOLDER = Path(os.environ.get("FACTORY_VLLM", Path(__file__).parents[3] / ".vllm"))
BOOT_S = 600.0  # about 30 on a machine that does nothing else
ANSWER_S = 240.0  # the first answer of an installation compiles for minutes
POOL = 200_000_003  # bytes of the KV cache; no multiple of anything
CONTEXT, BATCHED, BLOCK = 16_384, 2048, 32  # tokens; the CPU's kernels want blocks of 32
VERDICT = {
    "type": "object", "additionalProperties": False, "required": ["decision", "score"], "properties": {
        "decision": {"enum": ["ACCEPT", "REVISE"]}, "score": {"type": "integer", "minimum": 0, "maximum": 9}
    },
}  # fmt: skip
LONG = "The queue on disk keeps what was asked for until somebody answers. " * 40


def settings(kind: str, *args: str) -> ModelSettings:
    small = ("--dtype", "bfloat16", "--enforce-eager", "--block-size", str(BLOCK), "--max-num-seqs", "8",
             "--max-num-batched-tokens", str(BATCHED), "--kv-cache-memory-bytes", str(POOL),
             "--mamba-ssm-cache-dtype", "float32",
             "--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}')  # fmt: skip
    return ModelSettings(
        engine="vllm", model=str(FOLDER / FOLDERS[kind]), context=CONTEXT, gib=1, sleep="off", args=(*small, *args),
        program=(str(FOLDER / "venv" / "bin" / "vllm"),), env={"HF_HUB_OFFLINE": "1", "VLLM_SERVER_DEV_MODE": "1"},
    )  # fmt: skip


def made(kind: str, folder: Path, port: int = 0) -> Process:
    return Process(launch(kind, settings(kind), port or free_port(), ()), folder, SystemClock())


@contextmanager
def served(kind: str, folder: Path, port: int = 0) -> Iterator[tuple[Process, Ready]]:
    one = made(kind, folder, port)
    try:
        one.start()
        yield one, one.wait_ready(BOOT_S)
    finally:
        one.stop(5)


def chat(one: Process, text: str, **more: Any) -> dict[str, Any]:
    body = {"model": one.launch.served, "max_tokens": 16, "messages": [{"role": "user", "content": text}], **more}
    found: dict[str, Any] = json.loads(one.server.post("/v1/chat/completions", body, ANSWER_S).body)
    return found


def planned(one: Process) -> int:
    setup = Setup(
        geometry=geometry.read_config(Path(one.launch.argv[2])), card=cards.find("3090"), max_model_len=CONTEXT,
        max_batched_tokens=BATCHED, block=BLOCK,
    )  # fmt: skip
    return capacity.pool(setup, POOL).tokens


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_plan_is_what_it_prints_and_it_answers_on_both_wires(kind: str, tmp_path: Path) -> None:
    with served(kind, tmp_path) as (one, ready):
        print(f"{kind}: up after {ready.seconds:.0f} s, {one.memory_bytes() / 2**30:.1f} GiB")
        assert (one.state, one.healthy().state, ready.version[:4]) == ("ready", "ok", "0.32")
        assert ready.boot
        assert (ready.boot.tokens, ready.boot.concurrency_tokens) == (planned(one), CONTEXT)
        learn(tmp_path, ready.boot)
        assert calibrations.all_starts(tmp_path)[0].boots[0].tokens == planned(one)

        first = chat(one, LONG)
        before = one.metrics()
        assert first["usage"]["completion_tokens"] > 0
        assert chat(one, LONG)["usage"]["prompt_tokens"] == first["usage"]["prompt_tokens"]
        after = one.metrics()
        hits = after["prefix_hits"] - before["prefix_hits"]
        assert 0 < hits < after["prefix_queries"] - before["prefix_queries"] == first["usage"]["prompt_tokens"]

        body = {"model": kind, "max_tokens": 8, "messages": [{"role": "user", "content": "Hello"}]}
        message = json.loads(one.server.post("/v1/messages", body, ANSWER_S).body)
        assert (message["type"], message["usage"]["output_tokens"] > 0) == ("message", True)

        form = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": VERDICT, "strict": True}}
        verdict = json.loads(
            chat(one, "Judge.", max_tokens=60, response_format=form)["choices"][0]["message"]["content"]
        )
        assert verdict.keys() == {"decision", "score"}
        assert (verdict["decision"] in ("ACCEPT", "REVISE"), 0 <= verdict["score"] <= 9) == (True, True)


def test_sleep_a_swap_a_death_in_mid_stream_and_a_new_start(tmp_path: Path) -> None:
    """One model gives its port to another, whose core is killed while it answers."""
    with served("dense", tmp_path) as (one, _):
        vllm.sleep(one.server, one.launch, 1)  # on the CPU only the scheduler sleeps: the wire is what is tried
        assert one.server.read("/is_sleeping", 10)["is_sleeping"] is True
        vllm.wake(one.server, one.launch, 1)
        assert chat(one, "Awake?")["choices"]
        session, port = one.pid or 0, one.launch.port
        one.stop()
        assert not members(session)
    with served("sliding", tmp_path, port) as (other, _):
        session = other.pid or 0
        cut_off(other)
        until(lambda: other.state == "failed" or other.healthy().state == "dead", "vLLM's death was not noticed")
        other.stop(5)
        assert not members(session)
        other.start()
        print(f"sliding: up again after {other.wait_ready(BOOT_S).seconds:.0f} s")
        assert chat(other, "Back?")["choices"]


def cut_off(one: Process) -> None:
    """Reads the first pieces of an answer, then kills vLLM's largest child, its core or worker."""
    body = {"model": one.launch.served, "max_tokens": 4000, "stream": True, "ignore_eos": True,
            "messages": [{"role": "user", "content": "Go on."}]}  # fmt: skip
    url = f"{one.server.url}/v1/chat/completions"
    with httpx.stream("POST", url, json=body, timeout=ANSWER_S) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("data: ")
        child = max(keeper.below(one.pid or 0), key=lambda seen: seen.resident)
        os.kill(child.pid, signal.SIGKILL)
        assert broken_off(lines), "the answer went on as if nothing had happened"


def broken_off(lines: Iterator[str]) -> bool:
    """Did a stream end in an error, be it the connection's or an event's?"""
    try:
        return any("error" in line for line in lines)
    except httpx.HTTPError:
        return True


def test_what_vllm_says_when_it_cannot_start(tmp_path: Path) -> None:
    one = Process(launch("dense", settings("dense", "--no-such-flag"), free_port(), ()), tmp_path, SystemClock())
    one.start()
    with pytest.raises(Stopped, match=r"does not know an argument.*--no-such-flag"):
        one.wait_ready(BOOT_S)
    assert one.state == "failed"
