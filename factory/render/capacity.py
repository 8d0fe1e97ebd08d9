"""Plans of set-ups for a terminal and as JSON: what fits, for how many, how fast, what binds."""

from collections.abc import Sequence
from typing import IO

from factory.contracts.record import Json
from factory.gpu.command import checkpoint, command, settings
from factory.gpu.plan import Candidate
from factory.gpu.speed import Range
from factory.render.amount import many
from factory.render.stream import Quiet
from factory.render.terminal import table
from factory.render.text import line

COLUMNS = ("model", "set-up", "sessions", "tok/s", "in all", "cold", "warm", "W", "limit")
MEANINGS = (
    "sessions: resident at once with nothing shared; tok/s: of one of them, and of all together;",
    "cold, warm: to the first token of such a session, nothing cached or all but its last turn.",
    "Speeds are estimates, their bands stand in --json; docs/capacity.md says how sure all this is.",
)
SHORT = {"memory bandwidth": "bandwidth", "links and kernels": "links", "weights do not fit": "weights"}


def record(each: Candidate) -> Json:
    """All numbers of one candidate, in the units of its records."""
    setup, pool, speed = each.setup, each.pool, each.speed
    return {
        "model": setup.geometry.name, "gpus": f"{setup.count} x {setup.card.name}", "tp": setup.tp,
        "weights": setup.weights, "kv": setup.kv, "speculate": setup.speculate, "prefix_cache": setup.prefix,
        "max_model_len": setup.max_model_len, "meets": each.meets, "limit": each.binds,
        "refused": each.refused, "advice": each.advice, "memory_gib": each.memory.model_dump(),
        "block_size": pool.block_size if pool else None, "blocks": pool.blocks if pool else 0,
        "kv_tokens": pool.tokens if pool else 0, "max_concurrency": round(pool.concurrency, 4) if pool else 0,
        "blocks_per_request": pool.per_request if pool else None,
        "context": each.context, "developers": each.developers, "replicas": each.replicas,
        "sessions": each.whole, "sessions_exact": round(each.sessions, 2),
        "speed": speed.model_dump() if speed else None, "watts": each.watts,
        "command": command(setup, each.whole // each.replicas, checkpoint(setup.geometry, setup.weights)),
        "settings": settings(setup, each.whole // each.replicas, checkpoint(setup.geometry, setup.weights)),
    }  # fmt: skip


def ranking(found: Sequence[Candidate], of: int, stream: IO[str]) -> None:
    """The best set-ups first, then how the best one is started."""
    out = Quiet(stream)
    if not found:
        out.line("No model of the table holds that many tokens: ask for a smaller --context.")
        return
    first = found[0]
    where = f"{first.setup.count} x {first.setup.card.name}"
    out.line(f"{many(first.developers, 'session')} of {first.context:,} tokens on {where}:")
    table([_row(each) for each in found], COLUMNS, stream, whole=("limit", "cold", "warm"))
    out.line(f"{len(found)} of {of} models, best first.")
    for row in MEANINGS:
        out.line(row)
    if first.meets:
        out.line("")
        _how(first, out)
        for text in first.advice:
            out.line(f"Mind: {text}")
    elif all(each.refused for each in found):
        out.line(f"None of them starts: {first.refused[0]}")
    else:
        out.line("None of them holds that many sessions: ask for less --context or more cards.")


def one_setup(each: Candidate, stream: IO[str]) -> None:
    """One set-up with all its parts."""
    out = Quiet(stream)
    rows = [(name, text) for name, text in _parts(each) if text]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        out.line(f"{name:<{width}}  {line(text, 400)}")
    if not each.refused and each.pool:
        out.line("")
        _how(each, out)


def _parts(each: Candidate) -> list[tuple[str, str]]:
    setup, memory, pool, speed = each.setup, each.memory, each.pool, each.speed
    band = f" (± {memory.band:.1f})" if memory.band else ", as given, or as its best start had"
    runtime = f"runtime {memory.non_torch:.2f}, activations {memory.activation:.2f}, graphs {memory.graphs:.2f}"
    short = f"nothing: {-memory.available:.2f} GiB short"
    return [
        ("model", f"{setup.geometry.name}, {setup.weights} weights, KV {setup.kv}"),
        ("cards", f"{setup.count} x {setup.card.name}, tensor parallel {setup.tp}, {each.watts} W"),
        *(("does not start", why) for why in each.refused),
        ("memory a card", f"{memory.usable:.2f} GiB usable: weights {memory.weights:.2f}, {runtime}"),
        ("left for KV", f"{memory.available:.2f} GiB{band}" if memory.fits else short),
        ("pool", f"{pool.blocks:,} blocks of {pool.block_size} tokens: {pool.tokens:,} tokens" if pool else ""),
        ("concurrency", f"{pool.concurrency:.2f} requests of {setup.max_model_len:,} tokens" if pool else ""),
        ("sessions", f"{each.sessions:.1f} of {each.context:,} tokens ({each.developers} wanted)" if pool else ""),
        ("speed", _speed(each) if speed else ""),
        ("limit", each.binds),
        *(("mind", text) for text in each.advice),
    ]  # fmt: skip


def _row(each: Candidate) -> tuple[object, ...]:
    setup, speed = each.setup, each.speed
    words = f"{setup.weights} kv-{setup.kv} tp{setup.tp}" + (f" mtp{setup.speculate}" if setup.speculate else "")
    fast = ("-",) * 4
    if speed:
        fast = (f"{speed.each:.0f}", f"{speed.total.value:.0f}", seconds(speed.cold.value), seconds(speed.warm.value))
    limit = SHORT.get(each.binds, each.binds)
    return (setup.geometry.name, words, f"{each.sessions:.1f}", *fast, each.watts, limit)


def _speed(each: Candidate) -> str:
    found = each.speed
    assert found
    first = f"first token after {_span(found.cold)} cold, {seconds(found.warm.value)} warm"
    rate = f"{found.each:.0f} tok/s each ({found.decode.low:.0f} to {found.decode.high:.0f})"
    return f"{rate}, {found.total.value:.0f} in total; prefill {found.prefill.value:,.0f} tok/s; {first}"


def _span(value: Range) -> str:
    return f"{seconds(value.value)} ({seconds(value.low)} to {seconds(value.high)})"


def seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def _how(each: Candidate, out: Quiet) -> None:
    if each.setup.watts:
        out.line(f"Cap the cards first: nvidia-smi -pl {each.setup.watts}")
    if each.replicas > 1:
        out.line(f"Start {each.replicas} of these, each with its own cards (CUDA_VISIBLE_DEVICES) and --port.")
    name = checkpoint(each.setup.geometry, each.setup.weights)
    out.line(
        "Start it with:" if name else f"Start it with (CHECKPOINT: {each.setup.geometry.name} in {each.setup.weights}):"
    )
    out.line(f"  {command(each.setup, each.whole // each.replicas, name)}")
    out.line("")
    out.line("Or put this into factory.toml and start it with `factory serve --profile planned`:")
    for row in settings(each.setup, each.whole // each.replicas, name).splitlines():
        out.line(f"  {row}" if row else "")
