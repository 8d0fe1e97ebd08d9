import pytest

from factory.contracts.evidence import Counts, Outcome
from factory.render import amount


@pytest.mark.parametrize(
    ("micro", "said"),
    [
        (0, "$0.00"),
        (7, "<$0.0001"),
        (4_200, "$0.0042"),
        (48_730, "$0.049"),
        (999_400, "$0.999"),
        (1_234_567, "$1.23"),
        (12_345_678_901, "$12,345.68"),
    ],
)
def test_money(micro: int, said: str) -> None:
    assert amount.money(micro) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 m 00 s"), (185, "3 m 05 s"), (7800, "2 h 10 m")],
)
def test_duration(seconds: float, said: str) -> None:
    assert amount.duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(812, "812"), (8_100, "8.1k"), (82_000, "82k"), (999_600, "1.0M"), (1_300_000, "1.3M")]
)
def test_tokens(count: int, said: str) -> None:
    assert amount.tokens(count) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (1023, "1023 B"), (3120, "3.0 KiB"), (48_213, "47 KiB"), (5 << 20, "5.0 MiB")]
)
def test_size(count: int, said: str) -> None:
    assert amount.size(count) == said


def test_counted_says_what_is_not_known() -> None:
    counts = Counts(collected=5, passed=3, failed=1, skipped=1)
    assert amount.counted(Outcome(status="failed", counts=counts, counted=True)) == "3 passed, 1 failed, 1 skipped"
    assert amount.counted(Outcome(status="passed", exit_code=0)) == "passed (exit 0, no counts)"
    assert amount.counted(Outcome(status="timeout", counts=counts, counted=True)).endswith("timeout")
    assert amount.counted(Outcome(status="none")) == "did not run"
