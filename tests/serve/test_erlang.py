"""Queueing arithmetic against values in print, against the textbook sum, and against a simulated queue."""

import heapq
import math
import random
from statistics import fmean, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.serve.erlang import erlang_c, servers_for, waiting


def test_values_in_print() -> None:
    """Hillier and Lieberman's emergency room: 2 patients an hour, 20 minutes each, 1 or 2 doctors."""
    one, two = waiting(1, 2, 1 / 3), waiting(2, 2, 1 / 3)
    assert (one.waits, one.mean_s) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (two.waits, two.mean_s) == (pytest.approx(1 / 6), pytest.approx(1 / 24))
    assert two.waits * math.exp(-(2 - 2 / 3) * 0.5 * 3) == pytest.approx(0.022, abs=0.001), "P(wait > half an hour)"


def test_a_call_centre_in_print() -> None:
    """120 calls an hour, 3 minutes each, 10 people: `about 0.10` on the printed curve."""
    assert erlang_c(10, 6) == pytest.approx(0.10, abs=0.005)


@given(st.integers(1, 60), st.floats(0, 0.99))
def test_the_recursion_is_the_textbook_sum(servers: int, busy: float) -> None:
    load = busy * servers
    last = load**servers / math.factorial(servers) / (1 - busy)
    expected = last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)
    assert erlang_c(servers, load) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (4, 0.8), (8, 0.9)])
def test_a_simulated_queue_waits_as_long(servers: int, busy: float) -> None:
    chance, free, now, waits = random.Random(1), [0.0] * servers, 0.0, []
    for _ in range(120_000):
        now += chance.expovariate(busy * servers)
        start = max(now, heapq.heappop(free))
        heapq.heappush(free, start + chance.expovariate(1))
        waits.append(start - now)
    found = waiting(servers, busy * servers, 1.0)
    assert fmean(wait > 0 for wait in waits) == pytest.approx(found.waits, rel=0.05)
    assert fmean(waits) == pytest.approx(found.mean_s, rel=0.1)
    assert quantiles(waits, n=20)[-1] == pytest.approx(found.p95_s, rel=0.1)


def test_too_much_load_waits_for_ever() -> None:
    assert waiting(4, 2.0, 2.0).mean_s == math.inf
    assert waiting(4, 3.0, 2.0).p95_s == math.inf
    assert waiting(4, 0.0, 2.0) == waiting(4, 2.0, 0.0)
    assert waiting(4, 0.0, 2.0).waits == 0


def test_thousands_of_servers_do_not_overflow() -> None:
    assert 0 < erlang_c(5_000, 4_950) < 1


@pytest.mark.parametrize(("servers", "load"), [(0, 1.0), (1, -1.0), (1, math.nan), (1, math.inf)])
def test_what_makes_no_sense_is_refused(servers: int, load: float) -> None:
    with pytest.raises(ValueError, match="servers must be"):
        erlang_c(servers, load)


@given(st.floats(0, 5), st.floats(0.1, 60), st.floats(0, 100))
def test_the_fewest_sessions_are_enough_and_one_less_is_not(arrivals_s: float, service_s: float, p95_s: float) -> None:
    fewest = servers_for(arrivals_s, service_s, p95_s)
    assert waiting(fewest, arrivals_s, service_s).p95_s <= p95_s
    assert fewest == 1 or waiting(fewest - 1, arrivals_s, service_s).p95_s > p95_s
