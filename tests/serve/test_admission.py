"""One endpoint's pool: what starts, what waits, what is refused, what is predicted."""

import itertools
import math

import pytest

from factory.serve.admission import HOLD_S, Admitted, Pool, Queued, Refused, Rules, Ticket

NUMBERS = itertools.count()
PLAIN = Rules(aging_s=20, patience_s=15, max_wait_s=120, max_queue=100)


def ticket(tokens: int = 100, *, key: str = "ann", share: float = 1.0, effort: int = 5, interactive: bool = True,
           at: float = 0.0) -> Ticket:  # fmt: skip
    return Ticket(f"t{next(NUMBERS)}", key, share, tokens, effort, interactive, at)


def pool(kv_tokens: int | None = 1_000, parallel: int | None = None, rules: Rules = PLAIN, block: int = 1) -> Pool:
    return Pool(kv_tokens, block, parallel, rules)


def full(rules: Rules = PLAIN) -> tuple[Pool, Ticket]:
    """A pool of 1,000 tokens, all of them held by one request."""
    made, holder = pool(rules=rules), ticket(1_000, key="holder")
    assert isinstance(made.offer(holder, 0.0), Admitted)
    return made, holder


def drained(made: Pool, holder: Ticket, now: float) -> list[Ticket]:
    """Everything that waits, in the order in which it starts when one runs at a time."""
    order: list[Ticket] = []
    while started := made.release(holder, now, holder.need):
        assert len(started) == 1
        holder = started[0]
        order.append(holder)
    return order


def test_what_fits_starts_and_what_ends_makes_room() -> None:
    made = pool(kv_tokens=64, block=16)
    first, second, third = ticket(17), ticket(32), ticket(1)
    assert isinstance(made.offer(first, 0.0), Admitted)
    assert first.need == 32
    assert isinstance(made.offer(second, 0.0), Admitted)
    assert (made.used, made.running, made.waiting) == (64, 2, 0)
    assert made.offer(third, 0.0) == Queued(1, pytest.approx(HOLD_S * 16 / 64))
    assert made.load == 80
    assert made.release(first, 1.0, 20) == (third,)
    assert (made.used, made.running, made.waiting) == (48, 2, 0)


def test_places_are_limited_too() -> None:
    made = pool(kv_tokens=None, parallel=2)
    one, two, three = ticket(10_000_000), ticket(), ticket()
    assert [type(made.offer(item, 0.0)) for item in (one, two, three)] == [Admitted, Admitted, Queued]
    assert made.capacity is None
    assert made.release(one, 5.0, 1) == (three,)


def test_nothing_limits_an_endpoint_without_limits() -> None:
    made = pool(kv_tokens=None)
    assert all(isinstance(made.offer(ticket(10**6), 0.0), Admitted) for _ in range(500))
    assert made.predict(ticket(10**6)) == Queued(0, 0.0)


def test_more_than_the_whole_pool_is_refused_for_good() -> None:
    assert pool().offer(ticket(1_001), 0.0) == Refused("too_large", 0.0)
    assert isinstance(pool().offer(ticket(1_000), 0.0), Admitted)


def test_a_client_that_leaves_frees_its_place_at_once() -> None:
    made, holder = full()
    waiting, behind = ticket(1_000), ticket(1_000)
    made.offer(waiting, 0.0)
    made.offer(behind, 0.0)
    assert made.leave(waiting, 1.0) == ()
    assert made.waiting == 1
    assert made.leave(holder, 1.0) == (behind,)
    assert made.leave(behind, 2.0) == ()
    assert (made.used, made.load, made.running) == (0, 0, 0)


def test_an_end_that_is_reported_twice_counts_once() -> None:
    made, holder = full()
    one, two = ticket(1_000), ticket(1_000)
    made.offer(one, 0.0)
    made.offer(two, 0.0)
    assert made.release(holder, 1.0, 10) == (one,)
    assert made.release(holder, 1.0, 10) == ()
    assert made.leave(holder, 1.0) == ()
    assert made.used == 1_000
    assert made.release(two, 1.0, 10) == (), "it does not run"
    assert made.waiting == 1


def test_a_waiting_client_that_leaves_lets_through_whom_it_held_up() -> None:
    made = pool()
    made.offer(ticket(600), 0.0)
    big, small = ticket(900, key="big"), ticket(300, key="small", at=20.0)
    made.offer(big, 0.0)
    assert isinstance(made.offer(small, 20.0), Queued), "the pool drains for the big one"
    assert made.leave(big, 21.0) == (small,)


def test_interactive_before_batch_and_high_effort_before_low() -> None:
    made, holder = full()
    kinds = itertools.product((1, 4, 10), (False, True))
    waiting = [ticket(1_000, key=f"{kind}", effort=kind[0], interactive=kind[1]) for kind in kinds]
    for item in waiting:
        made.offer(item, 0.0)
    order = drained(made, holder, 1.0)
    assert order == sorted(waiting, key=lambda item: (not item.interactive, -item.effort))


def test_people_who_were_served_much_still_come_before_batch() -> None:
    made = pool()
    for _ in range(500):
        made.offer(ann := ticket(1_000), 0.0)
        made.release(ann, 0.0, 1_000)
    made.offer(holder := ticket(1_000), 0.0)
    nightly, ann = ticket(1_000, key="nightly", interactive=False, effort=10), ticket(1_000, effort=1)
    made.offer(nightly, 0.0)
    made.offer(ann, 0.0)
    assert drained(made, holder, 1.0) == [ann, nightly]


def test_first_come_first_served_within_a_key_and_class() -> None:
    made, holder = full()
    waiting = [ticket(1_000) for _ in range(20)]
    for number, item in enumerate(waiting):
        made.offer(item, number * 0.001)
    assert drained(made, holder, 1.0) == waiting


def test_one_who_waits_gains_on_those_above() -> None:
    """Batch of effort 1 is 2.9 steps below interactive of effort 10: that is 58 seconds of waiting."""
    for waited, passes in ((57.0, False), (59.0, True)):
        made, holder = full()
        low, high = ticket(1_000, key="low", effort=1, interactive=False), ticket(1_000, key="high", effort=10)
        made.offer(low, 0.0)
        high.arrived = waited
        made.offer(high, waited)
        assert (drained(made, holder, waited)[0] is low) is passes


def test_a_flood_does_not_age_as_a_whole() -> None:
    """Fifty batch requests that all have waited for a minute bring one forward, not fifty."""
    made, holder = full(Rules(aging_s=20, max_wait_s=math.inf))
    for _ in range(50):
        made.offer(ticket(1_000, key="nightly", interactive=False), 0.0)
    people = [ticket(1_000, key="ann", at=60.0), ticket(1_000, key="bob", at=60.0)]
    for item in people:
        made.offer(item, 60.0)
    order = drained(made, holder, 60.0)
    assert not order[0].interactive
    assert order[1:3] == people


def test_smaller_ones_pass_one_that_does_not_fit_until_its_patience_ends() -> None:
    made, base = pool(), ticket(500)
    made.offer(base, 0.0)
    big = ticket(900, key="big", effort=10)
    made.offer(big, 0.0)
    early, late = ticket(100, key="small", at=14.0), ticket(100, key="small", at=15.0)
    assert isinstance(made.offer(early, 14.0), Admitted)
    assert isinstance(made.offer(late, 15.0), Queued)
    assert made.release(early, 16.0, 1) == ()
    assert made.release(base, 17.0, 1) == (big, late), "900 and 100 fit together"


def test_a_higher_one_may_still_pass_one_without_patience() -> None:
    made = pool()
    made.offer(ticket(500), 0.0)
    made.offer(ticket(900, key="nightly", interactive=False), 0.0)
    assert isinstance(made.offer(ticket(100, key="ann", at=16.0), 16.0), Admitted)


def test_within_a_line_a_small_one_may_pass_its_own_key_s_big_one() -> None:
    made = pool()
    made.offer(ticket(500), 0.0)
    made.offer(ticket(900), 0.0)
    assert isinstance(made.offer(ticket(100), 0.0), Admitted)


def test_overdue_ones_are_named_until_they_leave() -> None:
    made, _ = full()
    late, fresh = ticket(10), ticket(10, at=1.0)
    made.offer(late, 0.0)
    made.offer(fresh, 1.0)
    assert made.overdue(119.9) == ()
    assert made.overdue(120.0) == (late,) == made.overdue(120.0)
    made.leave(late, 120.0)
    assert made.overdue(121.0) == (fresh,)


def test_the_predicted_wait_follows_from_how_long_requests_hold_their_tokens() -> None:
    """1,000 tokens held for 8 s each time are 125 tokens a second: 1,000 tokens ahead are 8 s."""
    made, holder = full()
    made.offer(nxt := ticket(1_000), 0.0)
    assert made.release(holder, 8.0, 1_000) == (nxt,)
    assert made.hold_s == 8.0
    assert made.offer(ticket(500), 8.0) == Queued(1, pytest.approx(4.0))
    assert made.offer(ticket(500), 8.0) == Queued(2, pytest.approx(8.0))


def test_the_predicted_wait_for_a_place() -> None:
    made = pool(kv_tokens=None, parallel=4)
    running = [ticket() for _ in range(4)]
    for item in running:
        made.offer(item, 0.0)
    made.release(running[0], 6.0, 1)
    made.offer(ticket(), 6.0)
    assert made.offer(ticket(), 6.0) == Queued(1, pytest.approx(6 / 4))
    assert made.offer(ticket(), 6.0) == Queued(2, pytest.approx(2 * 6 / 4))


def test_a_light_key_s_predicted_wait_leaves_another_key_s_flood_out() -> None:
    made, _ = full()
    for _ in range(50):
        made.offer(ticket(100, key="flood"), 0.0)
    assert made.predict(ticket(100, key="flood")).position == 51
    assert made.predict(ticket(100, key="light")).position == 2
    assert made.predict(ticket(100, key="light", share=0.1)).position == 11
    assert made.predict(ticket(100, key="nightly", interactive=False)).position == 51


def test_a_wait_that_would_be_too_long_is_refused_at_once() -> None:
    made, holder = full()
    made.offer(nxt := ticket(1_000), 0.0)
    made.release(holder, 100.0, 1_000)
    assert isinstance(made.offer(ticket(1_000, at=100.0), 100.0), Queued), "100 s"
    assert made.offer(ticket(1_000, at=100.0), 100.0) == Refused("busy", pytest.approx(80.0))
    assert made.waiting == 1
    assert nxt.started == 100.0


def test_nothing_is_refused_for_a_wait_before_anything_was_learned() -> None:
    made, _ = full()
    outcomes = [made.offer(ticket(1_000), 0.0) for _ in range(20)]
    assert all(isinstance(item, Queued) for item in outcomes)
    assert outcomes[-1] == Queued(20, pytest.approx(20 * HOLD_S))


def test_a_full_queue_keeps_its_last_places_for_other_keys() -> None:
    made, _ = full(Rules(max_queue=8))
    flood = [made.offer(ticket(key="flood"), 0.0) for _ in range(9)]
    assert [type(item) for item in flood] == [Queued] * 7 + [Refused] * 2
    assert isinstance(flood[-1], Refused)
    assert flood[-1].reason == "full"
    assert flood[-1].retry_after_s >= 1
    assert isinstance(made.offer(ticket(key="ann"), 0.0), Queued)
    assert isinstance(made.offer(ticket(key="bob"), 0.0), Refused)


def test_what_starts_at_once_is_not_refused_for_a_long_queue() -> None:
    made = pool(rules=Rules(max_queue=1))
    made.offer(ticket(500), 0.0)
    made.offer(ticket(900, key="big"), 0.0)
    assert isinstance(made.offer(ticket(100, key="small"), 0.0), Admitted)


def test_an_engine_that_sleeps_and_wakes() -> None:
    made = pool(kv_tokens=1_000, parallel=2)
    running, waiting = ticket(100), ticket(100)
    made.offer(running, 0.0)
    assert made.resize(0, 2, 1.0) == ()
    assert isinstance(made.offer(waiting, 1.0), Queued)
    assert made.offer(ticket(1_001), 1.0) == Refused("too_large", 0.0)
    assert made.release(running, 2.0, 1) == ()
    assert made.resize(1_000, 2, 3.0) == (waiting,)


def test_a_pool_that_turns_out_smaller() -> None:
    """What runs stays, nothing starts on top of it, and what can never fit any more is to be told so."""
    made, holder = full()
    small, big = ticket(400), ticket(800, key="big")
    made.offer(big, 0.0)
    made.offer(small, 0.0)
    assert made.resize(500, None, 1.0) == ()
    assert (made.used, made.capacity) == (1_000, 500)
    assert made.overdue(1.0) == (big,)
    assert made.release(holder, 30.0, 1) == (small,), "the big one holds nobody up, however long it waits"
    assert made.leave(big, 30.0) == ()
    assert made.used == 400


def test_a_pool_that_turns_out_larger() -> None:
    made, _ = full()
    made.offer(waiting := ticket(800), 0.0)
    assert made.resize(1_800, None, 1.0) == (waiting,)
    assert made.resize(None, None, 1.0) == ()
    assert made.capacity is None
    assert made.used == 1_800
