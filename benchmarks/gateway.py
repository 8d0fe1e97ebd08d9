"""This gateway beside LiteLLM's proxy and the bare upstream, in one run on one machine with the same mock upstream.

    python -m benchmarks.gateway [--quick] [--without-litellm] [--write]

Three processes at a time: the load and the upstream share the machine's first core, the server that is measured has
the last one for itself; the other server stands still meanwhile. "direct" is the load against the upstream without a
server between: what is added, and the most that the harness could measure. Rounds alternate between the servers, and
what is printed is the median of the rounds. --write puts the tables into docs/benchmarks.md. Ends with 1 when a goal
is missed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.gateway_load import LATE, MODES, Job, Load
from benchmarks.gateway_servers import Server, cores, gateway, litellm, upstream
from benchmarks.table import HEAD, Row, amount, line, machine

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
FROM, TO = "<!-- measured: python -m benchmarks.gateway -->\n", "<!-- end: measured -->\n"
CONCURRENCY = (1, 8, 16, 64)
DIRECT, PEER, OURS = "direct", "LiteLLM", "this gateway"
MANY = 100_000  # requests after which memory is looked at


class Size(NamedTuple):
    """How long it takes. Seconds of one measurement; requests for the memory's sake, and how often it is read."""

    rounds: int
    seconds: float
    requests: int
    samples: int
    litellm_requests: int


FULL, QUICK = Size(3, 3, MANY, 20, 2_000), Size(1, 1, 5_000, 5, 100)
Found = dict[tuple[str, str, int], Load]  # by server, mode, concurrency


def measured(servers: Sequence[Server], size: Size) -> Found:
    """The median of the rounds, each number by itself."""
    rounds: dict[tuple[str, str, int], list[Load]] = {}
    for number in range(size.rounds):
        for mode in MODES:
            for concurrency in CONCURRENCY:
                for server in servers:
                    told(f"{server.name}, {mode}, {concurrency} at once")
                    with alone(server, servers):
                        tag = f"{number}-{mode}-{concurrency}"
                        busy = server.busy_s()
                        one = ask(Job(server.port, mode, concurrency, size.seconds, key=server.key, tag=tag))
                        one.busy_ms = (server.busy_s() - busy) / max(1, one.done) * 1000
                    rounds.setdefault((server.name, mode, concurrency), []).append(one)
    return {where: median(loads) for where, loads in rounds.items()}


def median(loads: Sequence[Load]) -> Load:
    """Of each number. What failed counts in full."""

    def pair(which: str) -> tuple[float, float]:
        both = [getattr(load, which) for load in loads]
        return statistics.median(one[0] for one in both), statistics.median(one[1] for one in both)

    rate = statistics.median(load.rate for load in loads)
    seconds = sum(load.seconds for load in loads)
    return Load(
        round(rate * seconds), sum(load.failed for load in loads), seconds,
        pair("latency"), pair("first"), pair("piece"), [why for load in loads for why in load.why],
        statistics.median(load.busy_ms for load in loads),
    )  # fmt: skip


@contextmanager
def alone(server: Server, servers: Sequence[Server]) -> Iterator[None]:
    """The other proxies stand still while this server is measured; it gets a moment to find its feet."""
    others = [other for other in servers if other.name not in (DIRECT, server.name)]
    for other in others:
        other.halt(still=True)
    try:
        ask(Job(server.port, "plain", 4, 0.3, requests=200, key=server.key))
        yield
    finally:
        for other in others:
            other.halt(still=False)


def ask(job: Job) -> Load:
    """The load, in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.gateway_load", json.dumps(job.__dict__), cores()[0]]
    limit = job.seconds + LATE + 30
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=limit, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return Load(**said)


def memory(server: Server, servers: Sequence[Server], requests: int, samples: int) -> list[tuple[int, float]]:
    """(requests so far, resident MB): four of five plain, one streamed, none like another."""
    seen, done = [(0, server.rss_mb())], 0
    with alone(server, servers):
        for number in range(samples):
            told(f"{server.name}, memory, {done} of {requests} requests")
            mode = "streamed" if number % 5 == 4 else "plain"
            load = ask(Job(server.port, mode, 16, 120, requests // samples, server.key, f"memory-{number}"))
            done += load.done
            seen.append((done, server.rss_mb()))
            if load.failed or load.done < requests // samples:
                told(f"{load.failed} failed: {load.why}")
    return seen


def goals(found: Found, held: Sequence[tuple[int, float]], peer: bool) -> Iterator[Row]:
    """What issue and settings promise, and what was found."""
    one, sixteen = found[OURS, "plain", 1], found[OURS, "plain", 16]
    direct = found[DIRECT, "plain", 1]
    yield Row(
        "added to a request, p50, one at a time", one.latency[0] - direct.latency[0], 1.5, "ms",
        f"{one.latency[0]:.2f} ms, direct {direct.latency[0]:.2f} ms",
    )  # fmt: skip
    yield Row("p99, 16 at once", sixteen.latency[1], 15, "ms", f"p50 {sixteen.latency[0]:.1f} ms")
    ours, at = fastest(found, OURS)
    yield Row(
        "requests a second", ours, 1500, "/s", f"{at} at once; direct {fastest(found, DIRECT)[0]:.0f}", least=True
    )
    if peer:
        theirs, at = fastest(found, PEER)
        yield Row(
            "requests a second, of LiteLLM's", ours / theirs, 20, "x", f"{theirs:.0f}/s, {at} at once", least=True
        )
    for concurrency in (1, 16):
        late = found[OURS, "paced", concurrency].first
        yield Row(
            f"first streamed token, from upstream to client, p99, {concurrency} at once", late[1], 2, "ms",
            f"p50 {late[0]:.2f} ms; direct {found[DIRECT, 'paced', concurrency].first[1]:.2f} ms",
        )  # fmt: skip
    busy = " / ".join(f"{found[OURS, mode, 16].busy_ms:.2f}" for mode in ("large", "streamed", "paced"))
    yield Row(
        "processor time of a plain request, 16 at once", sixteen.busy_ms, None, "ms",
        f"60 KB prompt / streamed at once / streamed slowly: {busy} ms",
    )  # fmt: skip
    (few, early), (many, last) = held[max(1, len(held) // 5)], held[-1]
    yield Row(f"memory after {many:,} requests", last, 150, "MB", f"at the start {held[0][1]:.0f} MB")
    yield Row(f"of it grown since {few:,} requests", last - early, max(3.0, early * 0.03), "MB", "3 % is flat")
    failed = sum(load.failed for (name, _, _), load in found.items() if name == OURS)
    yield Row("requests that failed", failed, 0, "", "of all measured")


def fastest(found: Found, name: str) -> tuple[float, int]:
    """Requests a second at the concurrency that suits this server best, and that concurrency."""
    return max((found[name, "plain", concurrency].rate, concurrency) for concurrency in CONCURRENCY)


def matrix(found: Found, names: Sequence[str]) -> Iterator[str]:
    """All of it, a line each kind of request and concurrency."""
    yield "| requests | at once | " + " | ".join(f"{name}: /s, p50, p99 ms" for name in names) + " |"
    yield "| --- " * (2 + len(names)) + "|"
    for mode in MODES:
        for concurrency in CONCURRENCY:
            cells = (cell(found[name, mode, concurrency], mode) for name in names)
            yield f"| {KINDS[mode]} | {concurrency} | " + " | ".join(cells) + " |"


KINDS = {
    "plain": "plain", "large": "plain, 60 KB prompt", "streamed": "streamed, 16 pieces at once",
    "paced": "streamed, 50 pieces/s: first token's way",
}  # fmt: skip


def cell(load: Load, mode: str) -> str:
    p50, p99 = load.first if mode == "paced" else load.latency
    failed = f" ({load.failed} failed)" if load.failed else ""
    return f"{amount(load.rate)}, {amount(p50)}, {amount(p99)}{failed}"


def told(text: str) -> None:
    """What is going on, to a person who waits."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main(arguments: argparse.Namespace) -> int:
    size, peer = QUICK if arguments.quick else FULL, not arguments.without_litellm
    with tempfile.TemporaryDirectory(prefix="factory-bench-") as name, ExitStack() as stack:
        folder, mock = Path(name), stack.enter_context(upstream())
        servers = [mock, stack.enter_context(gateway(folder, mock.port))]
        if peer:
            servers.insert(1, stack.enter_context(litellm(folder, mock.port)))
        found = measured(servers, size)
        held = memory(servers[-1], servers, size.requests, size.samples)
        theirs = memory(servers[1], servers, size.litellm_requests, 5) if peer else []
    told("")
    rows = list(goals(found, held, peer))
    if theirs:
        rows.append(Row(f"memory of LiteLLM after {theirs[-1][0]:,} requests", theirs[-1][1], None, "MB"))
    samples = ", ".join(f"{count // 1000}k {megabytes:.0f}" for count, megabytes in held)
    text = "\n".join((
        f"Measured with `python -m benchmarks.gateway` on: {machine()}.", "", HEAD, *map(line, rows), "",
        *matrix(found, [server.name for server in servers]), "", f"Memory on the way (requests, MB): {samples}.", "",
    ))  # fmt: skip
    print(text)
    if arguments.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(FROM)
        PAGE.write_text(before + FROM + "\n" + text + "\n" + TO + rest.split(TO)[1], encoding="utf-8")
    return int(any(row.verdict == "MISSED" for row in rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about a minute: shows that it works, not how fast")
    parser.add_argument("--without-litellm", action="store_true")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    sys.exit(main(parser.parse_args()))
