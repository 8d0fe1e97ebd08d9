"""The planner's answers: what fits, in which order, and how it is started."""

import json
import shlex
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.errors import UsageProblem
from factory.gpu.cards import parse
from factory.gpu.command import arguments, checkpoint, command, settings
from factory.gpu.engines.registry import launch
from factory.gpu.models import all_models, find
from factory.gpu.plan import candidates, judged, known_weights, ranked
from factory.gpu.records import Setup
from factory.gpu.tokens import tokens
from factory.settings import Settings

CARD, _ = parse("1x3090")
Q27 = Setup(geometry=find("Qwen3.6-27B"), card=CARD, count=2, tp=2, weights="int4", kv="fp8", speculate=3,
            max_model_len=65_536)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "context", "low", "high"),
    [
        ({"weights": "fp8"}, 65_536, 2.8, 3.8),  # 3.3 computed from measured pools
        ({"weights": "fp8", "speculate": 0}, 65_536, 3.6, 5.0),  # 4.3 with steps of 8,192 tokens
        ({}, 65_536, 6.9, 8.3),  # 7.6
        ({"geometry": find("Qwen3.6-35B-A3B"), "speculate": 0}, 65_536, 24, 30),  # about 27
    ],
)
def test_five_developers_at_64k_on_two_3090s(changes: dict[str, object], context: int, low: float, high: float) -> None:
    """Sessions computed from measured pools of 2 x 3090: 8-bit 27B does not hold five, 4-bit does."""
    found = judged(Q27.but(**changes), context, 5)
    assert low <= found.sessions <= high
    assert found.meets == (found.whole >= 5)


def test_the_ranking_names_every_model_once_and_what_fits_first() -> None:
    setups = candidates(all_models(), CARD, 2, 65_536)
    found = ranked(judged(each, 65_536, 5) for each in setups)
    names = [each.setup.geometry.name for each in found]
    assert len(names) == len(set(names)) >= 15
    flags = [each.meets for each in found]
    assert flags == sorted(flags, reverse=True)
    assert flags[0]
    assert not flags[-1]
    assert found[0].setup.geometry.name == "Qwen3.8-27B"
    assert found[0].setup.weights == "int4"


def test_what_does_not_fit_says_which_limit() -> None:
    dense = Setup(geometry=find("Llama-3.3-70B"), card=CARD, count=2, tp=2, weights="bf16", max_model_len=8192)
    found = judged(dense, 8192, 1)
    assert (found.binds, found.pool, found.whole, found.meets) == ("weights do not fit", None, 0, False)
    assert judged(Q27, 65_536, 50).binds == "KV memory"


@given(st.integers(1, 40), st.integers(1_000, 262_144))
def test_more_developers_or_longer_sessions_never_fit_better(developers: int, context: int) -> None:
    one, more = judged(Q27, context, developers), judged(Q27, context, developers + 1)
    longer = judged(Q27, context + 1_000, developers)
    assert one.meets or not more.meets
    assert longer.whole <= one.whole


def test_the_profile_starts_what_the_command_starts() -> None:
    """The engine manager's own command from these tables has the same words as the one to be typed."""
    written = tomllib.loads(settings(Q27, 7, 'an "odd" name'))
    read = Settings.model_validate(written)
    (name,) = read.models
    assert read.profiles["planned"].up == (name,)
    made = launch(name, read.models[name], 8000, (0, 1)).argv
    ours = {"--host", "127.0.0.1", "--port", "8000", "--served-model-name", name, "--enable-sleep-mode"}
    share = {"--gpu-memory-utilization", f"{Q27.utilisation:g}"}  # said by the manager once the card is known
    assert set(made) - ours == set(arguments(Q27, 7, 'an "odd" name')) - share
    two = Settings.model_validate(tomllib.loads(settings(Q27.but(tp=1), 1)))
    assert two.profiles["planned"].up == tuple(two.models) == ("qwen3-6-27b-1", "qwen3-6-27b-2")
    assert read.models[name].gib <= Q27.card.memory * Q27.utilisation


def test_the_command_is_safe_to_paste_and_says_what_was_planned() -> None:
    words = shlex.split(command(Q27, 7, "an; evil $(name)"))
    assert tuple(words) == arguments(Q27, 7, "an; evil $(name)")
    assert words[2] == "an; evil $(name)"
    options = dict(zip(words[3::2], words[4::2], strict=False))
    assert options["--tensor-parallel-size"] == "2"
    assert options["--kv-cache-dtype"] == "fp8"
    assert json.loads(words[words.index("--speculative-config") + 1]) == {"method": "mtp", "num_speculative_tokens": 3}
    assert words[words.index("--mamba-cache-mode") + 1] == "align"


def test_an_fp8_cache_below_ada_names_the_attention_that_reads_it() -> None:
    """FACTS: through Triton it fails with `type fp8e4nv not supported in this architecture`."""
    words = arguments(Q27, 7)
    assert words[words.index("--attention-backend") + 1] == "FLASHINFER"
    assert "--attention-backend" not in arguments(Q27.but(kv="bf16"), 7)
    assert "--attention-backend" not in arguments(Q27.but(card=parse("4090")[0]), 7)


def test_a_latent_cache_in_fp8_does_not_start_below_ada() -> None:
    latent = Setup(geometry=find("GLM-4.7-Flash"), card=CARD, count=2, tp=2, weights="int4", kv="fp8",
                   max_model_len=65_536)  # fmt: skip
    assert "--kv bf16" in judged(latent, 65_536, 1).refused[0]
    assert judged(latent.but(kv="bf16"), 65_536, 1).refused == ()


def test_more_ranks_than_cards_is_refused_and_no_traceback() -> None:
    found = judged(Q27.but(tp=4), 65_536, 1)
    assert (found.binds, found.pool, found.meets) == ("does not start", None, False)


def test_the_total_is_of_the_sessions_that_are_at_work() -> None:
    """Five sessions on two replicas are five, not twice three."""
    small = Setup(geometry=find("Qwen3.5-9B"), card=CARD, count=2, tp=1, weights="fp8", kv="fp8", max_model_len=65_536)
    found = judged(small, 65_536, 5)
    assert found.replicas == 2
    assert found.whole >= 6
    assert found.speed
    assert found.speed.total.value == pytest.approx(5 * found.speed.each)


def test_checkpoints_are_those_of_the_table_in_the_wanted_weights() -> None:
    assert checkpoint(Q27.geometry, "fp8") == "Qwen/Qwen3.6-27B-FP8"
    assert checkpoint(Q27.geometry, "bf16") == "Qwen/Qwen3.6-27B"
    assert "int4" in checkpoint(Q27.geometry, "int4")
    assert checkpoint(Q27.geometry.but(name="nobody's"), "int4") == ""


def test_numbers_of_tokens() -> None:
    assert [tokens(text, "--context") for text in ("64k", "65536", "65,536", "1M", " 8 K ")] == [
        65_536, 65_536, 65_536, 1_048_576, 8_192,
    ]  # fmt: skip
    for text in ("", "0", "-1", "64kb", "1e5", "many", "9" * 12, "٣"):
        with pytest.raises(UsageProblem, match="is no number of tokens"):
            tokens(text, "--context")


def test_unknown_weights_are_named_with_those_there_are() -> None:
    assert known_weights("") == ()
    assert known_weights("int4") == ("int4",)
    with pytest.raises(UsageProblem, match="one of: bf16, fp16"):
        known_weights("int3")
