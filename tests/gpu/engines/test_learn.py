"""What the starts of engines teach the planner."""

from pathlib import Path

from factory.gpu import calibrations
from factory.gpu.bootlog import Boot
from factory.gpu.engines.learn import learn
from tests.gpu.engines.bench import PATIENCE, engine


def test_a_start_is_kept_and_a_small_pool_named(tmp_path: Path) -> None:
    for tokens, words in (("100000", ""), ("98000", ""), ("50000", "50,000 tokens, 50.0 % less than the 100,000")):
        with engine(tmp_path / "engines", "--fake-kv-tokens", tokens) as made:
            made.start()
            boot = made.wait_ready(PATIENCE).boot
            assert boot
            said = learn(tmp_path, boot, card="RTX 3090", count=1)
            assert words in " ".join(said)
            assert bool(said) == bool(words)
    (kept,) = calibrations.all_starts(tmp_path)
    assert [one.tokens for one in kept.boots] == [100_000, 98_000, 50_000]
    assert (kept.key.card, kept.key.model) == ("RTX 3090", "any")


def test_a_log_without_a_pool_teaches_nothing(tmp_path: Path) -> None:
    assert learn(tmp_path, Boot(version="0.1", model="m")) == ()
    assert not calibrations.all_starts(tmp_path)
    assert "name it with --model" in learn(tmp_path, Boot(tokens=5))[0]
