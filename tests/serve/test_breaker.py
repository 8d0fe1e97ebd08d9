"""When a failing endpoint is left alone, and how it comes back."""

from hypothesis import given
from hypothesis import strategies as st

from factory.serve.breaker import Breaker, Limits

LIMITS = Limits(failures=3, cooldown_s=2, longest_s=16, longest_hold_s=600, probe_s=100)


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker(LIMITS)
    for _ in range(3):
        assert breaker.allow(now)
        breaker.failed(now)
    assert breaker.state == "open"
    return breaker


def test_three_failures_in_a_row_open_it() -> None:
    breaker = Breaker(LIMITS)
    for _ in range(10):
        breaker.failed(0.0)
        breaker.failed(0.0)
        breaker.succeeded(0.0)
    assert breaker.state == "closed"
    assert breaker.allow(0.0)
    breaker = opened()
    assert not breaker.allow(1.9)
    assert breaker.retry_after(0.5) == 1.5


def test_exactly_one_probe_goes_through_and_its_success_closes_it() -> None:
    breaker = opened()
    assert [breaker.allow(2.0) for _ in range(5)] == [True, False, False, False, False]
    assert breaker.state == "half_open"
    breaker.succeeded(3.0, began=2.0)
    assert breaker.state == "closed"
    assert all(breaker.allow(3.0) for _ in range(5))


def test_looking_takes_no_probe() -> None:
    breaker = opened()
    assert not breaker.ready(1.0)
    assert all(breaker.ready(2.0) for _ in range(5))
    assert breaker.allow(2.0)
    assert not breaker.ready(2.0)


def test_the_cooldown_doubles_up_to_a_bound_and_success_resets_it() -> None:
    breaker, now, waits = opened(), 0.0, []
    for _ in range(5):
        waits.append(breaker.retry_after(now))
        now += waits[-1]
        assert breaker.allow(now)
        breaker.failed(now, began=now)
    assert waits == [2, 4, 8, 16, 16]
    now += 16
    assert breaker.allow(now)
    breaker.succeeded(now)
    for _ in range(3):
        breaker.failed(now)
    assert breaker.retry_after(now) == 2


def test_a_probe_whose_client_left_is_not_the_last_one() -> None:
    breaker = opened()
    assert breaker.allow(2.0)
    breaker.gone(2.5, began=2.0)
    breaker.succeeded(2.5, began=-1.0)
    assert breaker.state == "half_open", "that one began before it opened"
    assert [breaker.allow(2.5), breaker.allow(2.5)] == [True, False]


def test_a_probe_that_nobody_reports_on_is_given_up() -> None:
    breaker = opened()
    assert breaker.allow(2.0)
    assert not breaker.allow(101.0)
    assert breaker.allow(102.0)


def test_too_many_requests_shut_the_door_without_counting_as_broken() -> None:
    breaker = Breaker(LIMITS)
    for _ in range(10):
        breaker.failed(0.0, retry_after=5.0)
    assert breaker.state == "closed"
    assert not breaker.allow(4.9)
    assert breaker.allow(5.0)
    assert breaker.allow(5.0)
    breaker.failed(5.0)
    breaker.failed(5.0, retry_after=0.0)
    breaker.failed(5.0)
    breaker.failed(5.0)
    assert breaker.state == "closed", "an endpoint that answers 429 is alive: the row starts anew"


def test_a_probe_that_is_told_to_wait_closes_it() -> None:
    breaker = opened()
    assert breaker.allow(2.0)
    breaker.failed(2.0, retry_after=3.0, began=2.0)
    assert breaker.state == "closed"
    assert not breaker.allow(4.0)
    assert breaker.allow(5.0)


def test_a_server_cannot_shut_itself_out_for_ever() -> None:
    breaker = Breaker(LIMITS)
    breaker.failed(0.0, retry_after=1e12)
    assert breaker.retry_after(0.0) == 600
    breaker = Breaker(LIMITS)
    breaker.failed(0.0, retry_after=-5.0)
    assert breaker.allow(0.0)
    breaker = Breaker(LIMITS)
    breaker.failed(0.0, retry_after=float("nan"))
    assert breaker.allow(0.0)


def test_what_began_before_it_opened_says_nothing() -> None:
    breaker = opened(10.0)
    breaker.failed(10.5, began=5.0)
    breaker.succeeded(10.5, began=5.0)
    breaker.gone(10.5, began=5.0)
    assert breaker.state == "open"
    assert breaker.retry_after(10.0) == 2
    assert breaker.allow(12.0)
    breaker.succeeded(12.5, began=5.0)
    breaker.failed(12.5, began=5.0)
    breaker.gone(12.5, began=5.0)
    assert breaker.state == "half_open"
    assert not breaker.allow(12.5)
    breaker.succeeded(13.0, began=12.0)
    for _ in range(5):
        breaker.failed(13.0, began=5.0)
    assert breaker.state == "closed"


STEPS = st.tuples(
    st.sampled_from(("allow", "ok", "bad", "busy", "gone")), st.floats(0, 30), st.sampled_from((None, 0.0, 7.0))
)


@given(st.lists(STEPS, max_size=60))
def test_it_never_stays_shut_and_lets_one_probe_through_at_a_time(steps: list[tuple[str, float, float | None]]) -> None:
    breaker, now, probe = Breaker(LIMITS), 0.0, float("-inf")
    for what, wait, after in steps:
        now += wait
        if what == "allow":
            closed, ready = breaker.state == "closed", breaker.ready(now)
            assert breaker.allow(now) is ready
            if ready and not closed:
                assert now - probe >= LIMITS.probe_s, "the one before it has not been reported on"
                probe = now
            continue
        probe = float("-inf")
        if what == "ok":
            breaker.succeeded(now)
        elif what == "gone":
            breaker.gone(now)
        else:
            breaker.failed(now, after if what == "busy" else None)
        assert breaker.retry_after(now) <= max(LIMITS.longest_s, 7.0)
    later = now + LIMITS.longest_s + LIMITS.probe_s
    assert breaker.allow(later)
    assert breaker.state == "closed" or not breaker.allow(later)
