"""Starts are kept by set-up, by several processes at once, and a small pool is reported with its likely reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.gpu.bootlog import Boot, parse
from factory.gpu.calibrations import MOST, Key, Starts, compare, key_of, recall, remember
from tests.gpu.test_bootlog import LOGS, log

KEY = Key(model="m", card="RTX 3090", count=2, tp=2, weights="int4", kv="fp8", utilisation=0.92)


def boot(**fields: object) -> Boot:
    return Boot.model_validate({"tokens": 100_000, "available_gib": 10.0, **fields})


def test_a_start_comes_back_for_its_set_up_only(tmp_path: Path) -> None:
    assert recall(tmp_path, KEY) is None
    one = parse(log("v1_hybrid_two_cards"))
    remember(tmp_path, one, KEY)
    assert recall(tmp_path, KEY) == one
    for other in ({"card": "RTX 4090"}, {"utilisation": 0.9}, {"tp": 1}, {"kv": "bf16"}, {"version": "0.25"}):
        assert recall(tmp_path, KEY.but(**other)) is None


def test_the_best_start_stays_the_measure(tmp_path: Path) -> None:
    for tokens in (100_000, *range(50_000, 50_000 + 2 * MOST)):
        remember(tmp_path, boot(tokens=tokens), KEY)
    best = recall(tmp_path, KEY)
    assert best is not None
    assert best.tokens == 100_000
    (file,) = (tmp_path / "gpu" / "boots").glob("*.json")
    kept = Starts.from_json(file.read_bytes())
    assert len(kept.boots) == MOST
    assert kept.boots[-1].tokens == 50_000 + 2 * MOST - 1
    assert kept.key == KEY


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from factory.gpu.bootlog import Boot; "
        "from factory.gpu.calibrations import Key, remember\n"
        "for n in range(9): remember(Path(sys.argv[1]), Boot(tokens=int(sys.argv[2]) + n), Key(model='m'))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), start]) for start in ("100", "200")]
    assert [each.wait(60) for each in both] == [0, 0]
    (file,) = (tmp_path / "gpu" / "boots").glob("*.json")
    found = sorted(each.tokens or 0 for each in Starts.from_json(file.read_bytes()).boots)
    assert found == [*range(100, 109), *range(200, 209)]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    remember(tmp_path, boot(), KEY)
    (file,) = (tmp_path / "gpu" / "boots").glob("*.json")
    file.write_text("{")
    with pytest.raises(UsageProblem, match=rf"{file} is damaged: delete it"):
        recall(tmp_path, KEY)
    with pytest.raises(UsageProblem, match="is damaged"):
        remember(tmp_path, boot(), KEY)


def test_the_key_of_a_log() -> None:
    key = key_of(parse(log("v1_hybrid_two_cards")), card="RTX 3090", weights="int4")
    assert (key.model, key.card, key.count, key.tp) == ("Lorbus/Qwen3.6-27B-int4-AutoRound", "RTX 3090", 2, 2)
    assert (key.weights, key.kv, key.utilisation, key.version) == ("int4", "fp8_e5m2", 0.92, "0.22.0")
    assert key_of(boot(ranks=2), model="named").tp == 2
    with pytest.raises(UsageProblem, match="--model"):
        key_of(boot())


@pytest.mark.parametrize(("tokens", "said"), [(97_000, False), (97_001, False), (96_999, True), (120_000, False)])
def test_three_percent_is_the_line(tokens: int, said: bool) -> None:
    found = compare(boot(tokens=tokens), planned_tokens=100_000)
    assert bool(found) is said
    if said:
        assert found[0] == "The KV pool has 96,999 tokens, 3.0 % less than the 100,000 of the plan."
        assert "nvidia-smi" in found[1]


def test_gib_and_tokens_are_held_to_the_plan_each() -> None:
    found = compare(boot(available_gib=9.0), planned_gib=10, planned_tokens=100_000)
    assert found[0] == "The KV pool has 9.00 GiB, 10.0 % less than the 10.00 of the plan."
    assert compare(boot(), planned_gib=10, planned_tokens=100_000, stored=boot()) == ()
    assert compare(boot()) == ()


def test_a_compiling_start_is_named_as_such() -> None:
    """The measured pair: 196k tokens at the first start, 223,821 afterwards."""
    cold, warm = parse(log("v1_cold")), parse(log("v1_warm"))
    short, reason = compare(cold, stored=warm)
    assert short == "The KV pool has 196,000 tokens, 12.4 % less than the 223,821 of the best start so far."
    assert reason.startswith("Cold compile: this start compiled for 52 s")
    assert "(here by 0.87 GiB)" in reason
    assert "Start once more" in reason
    assert compare(warm, stored=cold) == ()


def test_memory_in_use_by_others() -> None:
    """A card whose memory was taken before the start, and one where it was taken while it started."""
    before = compare(boot(tokens=80_000, total_gib=23.58, free_gib=19.02), planned_tokens=100_000)
    assert before[1].startswith("Dirty GPU: 4.6 GiB of the card were in use before")
    clean = boot(total_gib=23.58, free_gib=23.31, non_torch_gib=0.12)
    during = compare(clean.but(tokens=80_000, non_torch_gib=2.12), stored=clean)
    assert during[1].startswith("Dirty GPU: memory outside PyTorch is 2.12 GiB, 2.00 more")
    idle = compare(clean.but(tokens=80_000), stored=clean)
    assert not any("Dirty" in each for each in idle)


def test_what_the_graph_estimate_took_names_the_remedy() -> None:
    now = boot(tokens=80_000, graph_estimate_gib=2.43, graph_gib=0.19, same_pool_utilisation=0.8352)
    _, reason = compare(now, stored=boot())
    assert reason.startswith("vLLM took 2.43 GiB off the pool for CUDA graphs (they really took 0.19)")
    assert "--gpu-memory-utilization 0.8352" in reason
    unapplied = compare(now.but(same_pool_utilisation=None), stored=boot())  # estimated, but not taken off
    assert not any("CUDA graphs" in each for each in unapplied)


def test_another_checkpoint_or_another_batch() -> None:
    usual = boot(weights_gib=14.0, activation_gib=1.0)
    assert any("checkpoint" in each for each in compare(usual.but(tokens=1, weights_gib=15.0), stored=usual))
    assert any("--max-num-batched" in each for each in compare(usual.but(tokens=1, activation_gib=2.0), stored=usual))


def test_a_log_without_a_pool() -> None:
    (only,) = compare(parse(log("v1_too_small")).but(available_gib=None), planned_gib=5)
    assert only.startswith("The log ends before the size of the KV pool. It gave up: ValueError")
    assert compare(Boot(weights_gib=1.0)) == ("The log ends before the size of the KV pool. Give the whole log.",)


def run(state: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command with its own state folder."""
    environment = {**os.environ, "FACTORY_STATE": str(state)}
    command = [sys.executable, "-m", "factory.cli", "gpu", "calibrate", *arguments]
    return subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, timeout=60)


def test_the_command_stores_a_start_and_reports_a_later_smaller_one(tmp_path: Path) -> None:
    first = run(tmp_path, str(LOGS / "v1_warm.log"), "--gpus", "1x3090", "--weights", "int4")
    assert (first.returncode, first.stderr) == (0, "")
    assert "223,821 tokens" in first.stdout
    assert "Stored as a start of dbirks/Qwen3.8-27B-W4A16-AutoRound on 1x3090." in first.stdout
    later = run(tmp_path, "-", "--gpus", "1x3090", "--weights", "int4", "--json", stdin=log("v1_cold"))
    assert later.returncode == 1
    told = json.loads(later.stdout)
    assert (told["boot"]["tokens"], told["best"]["tokens"], told["stored"]) == (196_000, 223_821, True)
    assert told["said"][1].startswith("Cold compile")
    other = run(tmp_path, "-", "--gpus", "1x4090", "--weights", "int4", stdin=log("v1_cold"))
    assert other.returncode == 0  # another card: nothing to hold it against


def test_the_command_holds_a_start_to_the_plan(tmp_path: Path) -> None:
    path = str(LOGS / "v1_hybrid_two_cards.log")
    assert run(tmp_path, path, "--planned-gib", "11.3", "--planned-tokens", "630000", "--dry").returncode == 0
    short = run(tmp_path, path, "--planned-gib", "12", "--dry")
    assert short.returncode == 1
    assert "The KV pool has 11.05 GiB, 7.9 % less than the 12.00 of the plan." in short.stdout
    assert "Nothing is stored." in short.stdout
    assert not (tmp_path / "gpu").exists()


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [(("missing.log",), "", "cannot be read"), (("-",), "hello", "not the log of a vLLM start"),
     (("-",), "GPU KV cache size: 9 tokens", "--model"), (("/",), "", "cannot be read"),
     (("-", "--gpus", "0x3090"), log("v1_warm"), "as in 2x3090")],
)  # fmt: skip
def test_the_command_on_bad_input(tmp_path: Path, arguments: tuple[str, ...], stdin: str, words: str) -> None:
    found = run(tmp_path, *arguments, stdin=stdin)
    assert (found.returncode, found.stdout) == (2, "")
    assert words in found.stderr
    assert "Traceback" not in found.stderr
