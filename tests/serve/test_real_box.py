"""The whole box with a real vLLM on the CPU (`make test-vllm`): two models take turns behind the port, under load.

The cards are the device double: what is shown is the port, the engine manager and the scheduler with the real server.
"""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anthropic
import httpx
import openai
import pytest

from factory.contracts.engines import ModelSettings
from factory.gpu.engines.leftovers import Mark, members
from tests.gpu.engines.test_real_vllm import ANSWER_S, BOOT_S, VERDICT, settings
from tests.serve.test_box import running

pytestmark = pytest.mark.vllm
WAIT_S = 2 * (BOOT_S + ANSWER_S)


def tiny(kind: str) -> ModelSettings:
    return settings(kind).but(gib=16, load_s=60)


def engine(folder: Path) -> int:
    """The session of the engine that runs, as its mark has it."""
    (mark,) = (folder / "state").rglob("*.engine")
    return Mark.from_json(mark.read_bytes()).session


def test_two_models_swap_under_load_on_both_wires_and_a_killed_one_comes_back(tmp_path: Path) -> None:
    models = {"a": tiny("dense"), "b": tiny("sliding")}
    serve = {"port": 0, "max_wait_s": WAIT_S}
    with running(tmp_path, models, serve=serve) as (url, said):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=WAIT_S)
        other = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0, timeout=WAIT_S)

        def one(number: int) -> tuple[str, int]:
            name = "ab"[number // 4 % 2]
            text = f"Question {number}: what is kept on disk?"
            if number % 2:
                message = other.messages.create(model=name, max_tokens=8, messages=[{"role": "user", "content": text}])
                return name, message.usage.output_tokens
            answer = client.chat.completions.create(
                model=name, max_tokens=8, messages=[{"role": "user", "content": text}]
            )
            assert answer.usage
            return name, answer.usage.completion_tokens

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(one, range(12)))
        assert [name for name, _ in answers] == ["ab"[number // 4 % 2] for number in range(12)]
        assert all(tokens > 0 for _, tokens in answers)
        ups = [facts for event, facts in said if event == "up"]
        assert len(ups) >= 2
        _structured(client)
        _killed_in_mid_stream(url, client, tmp_path)


def _structured(client: openai.OpenAI) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": VERDICT, "strict": True}}
    answer = client.chat.completions.create(
        model="b", max_tokens=60, messages=[{"role": "user", "content": "Judge."}], response_format=form,  # type: ignore[call-overload]
    )  # fmt: skip
    assert json.loads(answer.choices[0].message.content).keys() == {"decision", "score"}


def _killed_in_mid_stream(url: str, client: openai.OpenAI, folder: Path) -> None:
    """The client is told that its answer broke off; the next request finds the engine up again."""
    asked = {"model": "b", "stream": True, "max_tokens": 4000, "messages": [{"role": "user", "content": "Go on."}],
             "ignore_eos": True}  # fmt: skip
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=asked, timeout=WAIT_S) as stream:
        lines = stream.iter_lines()
        assert any(line.startswith("data: {") for line in lines)
        for one in members(engine(folder)):
            os.kill(one.pid, signal.SIGKILL)
        text = "\n".join(lines)
    assert "broke off" in text
    assert "[DONE]" not in text
    again = _when_back(client)
    assert again.usage
    assert again.usage.completion_tokens > 0


def _when_back(client: openai.OpenAI) -> openai.types.chat.ChatCompletion:
    """The first answer after the death; until then refusals, in the wire's own shape."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            return client.chat.completions.create(
                model="b", max_tokens=8, messages=[{"role": "user", "content": "Are you back?"}]
            )
        except openai.APIStatusError as problem:
            if problem.status_code not in (502, 503) or time.monotonic() > end:
                raise
            time.sleep(1)
