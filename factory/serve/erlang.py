"""How long requests wait for one of c sessions: the queueing arithmetic behind docs/scale.md.

M/M/c: requests come at random (Poisson), last exponentially long, and wait first come, first served without giving
up (Erlang 1917; Kleinrock, Queueing Systems, vol. 1, 1975, section 3.5). c is the number of sessions that the KV
cache holds at once. Real requests are more alike than exponential ones, so real waits are rather shorter; bursts (an
agent that sends eight requests at once) make them longer.
"""

import math
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Waiting:
    """Of requests in the long run. `busy`: part of the sessions in use; from 1 on the queue grows for ever."""

    busy: float
    waits: float  # probability that a request waits at all
    mean_s: float  # over all requests, those that do not wait included
    p95_s: float


def erlang_c(servers: int, load: float) -> float:
    """Probability that all `servers` are busy when a request comes. `load` = arrivals a second * service seconds.

    By Erlang B's recursion B(k) = a B(k-1) / (k + a B(k-1)), which neither overflows nor cancels, and
    C = B / (1 - a/c (1 - B)).
    """
    if servers < 1 or load < 0 or not math.isfinite(load):
        raise ValueError("servers must be at least 1, load finite and not negative")
    if load >= servers:
        return 1.0
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def waiting(servers: int, arrivals_s: float, service_s: float) -> Waiting:
    """Wait for one of `servers` sessions. P(wait > t) = C e^(-(c - a) t / service_s), a = arrivals_s * service_s."""
    load = arrivals_s * service_s
    chance = erlang_c(servers, load)
    if load >= servers:
        return Waiting(load / servers, 1.0, math.inf, math.inf)
    scale = service_s / (servers - load)
    return Waiting(load / servers, chance, chance * scale, max(0.0, scale * math.log(max(chance, 0.05) / 0.05)))


def servers_for(arrivals_s: float, service_s: float, p95_s: float) -> int:
    """The fewest sessions with which 95 of 100 requests wait no longer than `p95_s`."""
    servers = math.floor(arrivals_s * service_s) + 1
    while waiting(servers, arrivals_s, service_s).p95_s > p95_s:
        servers += 1
    return servers
