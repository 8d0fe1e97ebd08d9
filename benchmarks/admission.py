"""What the gateway's decisions cost a request, in microseconds: `python -m benchmarks.admission`."""

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.table import Row, report, spread
from factory.contracts.model import Endpoint
from factory.serve.admission import Admitted, Pool, Rules, Ticket
from factory.serve.affinity import Affinity, Load
from factory.serve.breaker import Breaker
from factory.serve.sessions import session_of

ROUNDS, TIMES = 5_000, 7
TOKENS = 4_096
PATIENT = Rules(max_wait_s=1e9, max_queue=10**6, patience_s=1e9)


def each(work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Microseconds of processor time of one call: the mean of `rounds`, measured several times."""
    taken = []
    for _ in range(TIMES):
        start = time.process_time()
        for _ in range(rounds):
            work()
        taken.append((time.process_time() - start) / rounds * 1e6)
    return taken


def row(what: str, taken: list[float], goal: float | None = None) -> Row:
    return Row(what, statistics.median(taken), goal, "µs", f"processor time, {spread(taken, 'µs')}")


def ticket(number: int, key: str = "ann", effort: int = 5) -> Ticket:
    return Ticket(f"t{number}", key, 1.0, TOKENS, effort, True, 0.0)


def free(_: Path) -> Iterable[Row]:
    """Nobody waits: the usual request."""
    pool, numbers = Pool(200_000, 16, 32, PATIENT), itertools.count()

    def one() -> None:
        asks = ticket(next(numbers))
        pool.offer(asks, 0.0)
        pool.release(asks, 1.0, 3_000)

    yield row("offer and release, nobody waits", each(one), 10)


def waiting(_: Path) -> Iterable[Row]:
    """One ends, one starts, one comes and waits; the queue keeps its length."""
    for many, keys, efforts in ((200, 5, (3, 5, 8)), (200, 200, (5,))):
        pool = Pool(TOKENS * 8, 16, None, PATIENT)
        numbers, running = itertools.count(), []
        for number in range(many + 8):
            asks = ticket(next(numbers), f"k{number % keys}", efforts[number % len(efforts)])
            if isinstance(pool.offer(asks, 0.0), Admitted):
                running.append(asks)

        def one(pool: Pool = pool, running: list[Ticket] = running, numbers: Iterable[int] = numbers) -> None:
            ended = running.pop(0)
            running.extend(pool.release(ended, 1.0, 3_000))
            pool.offer(ticket(next(iter(numbers)), ended.key, ended.effort), 1.0)

        taken = each(one, 500)
        assert (pool.waiting, pool.running) == (many, 8)
        yield row(f"offer and release, {many} of {keys} keys wait", taken)


def routing(_: Path) -> Iterable[Row]:
    """Breaker, order of three equals, and the session's name from a body of 250 KB."""
    breaker, affinity = Breaker(), Affinity()
    chain = tuple(Endpoint(name=name, wire="openai", model="m") for name in "abc")
    loads = {item.name: Load(tokens=5, wait_s=0.1) for item in chain}
    affinity.answered(chain[1], "s", 20_000, 2.0, 0.0)

    def asked() -> None:
        breaker.allow(0.0)
        breaker.succeeded(0.0, 0.0)

    turns = [{"role": "user", "content": "x" * 2_000}, *({"role": "assistant", "content": "y" * 2_000},) * 124]
    body = {"system": "z" * 20_000, "messages": turns}
    yield row("breaker: allow and report", each(asked))
    yield row("order of three equals, session warm", each(lambda: affinity.order(chain, "s", 20_000, loads, 1.0)))
    yield row("session of a body of 250 KB, 20 KB of it system prompt", each(lambda: session_of(None, body, "ann")))


BENCHMARKS = {"free": free, "waiting": waiting, "routing": routing}

if __name__ == "__main__":
    sys.exit(report(BENCHMARKS, sys.argv[1:]))
