"""Time runs out in the midst of the work, and not afterwards."""

import re
import signal

import pytest

from factory.hunt.limit import TookTooLong, within


def test_a_regular_expression_without_end_is_ended() -> None:
    with pytest.raises(TookTooLong, match=r"0\.05 s"), within(0.05):
        re.match(r"(a|a)*b", "a" * 60)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_what_is_done_in_time_is_left_alone_and_so_is_the_signal() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with within(60):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getsignal(signal.SIGALRM) == before
