"""How fast a set-up answers: a roofline from the cards' peak rates times an efficiency fitted on measured deployments.

One decode step of p requests with c tokens each, on r ranks, seconds:

    memory      (weights read + p·(KV of c tokens + linear states read and written) + drafts) / (r · bandwidth)
    arithmetic  2 · active · p · (1 + drafts) / (r · rate)
    step        max(memory, arithmetic) / efficiency + all-reduces + kernels + drafts

Weights read of a mixture of experts: each of m tokens picks a share s of the experts, so 1 - (1 - s)^m of all are read.
Drafts (MTP): each reads the output head and the draft layers once more; a step yields (1 - a^(n+1)) / (1 - a) tokens
for n drafts accepted with chance a each. Prefill of t tokens after a prefix of u tokens, floating-point operations:

    2·(active - embeddings)·t + 4·heads·head_dim·(full·(u·t + t²/2) + sliding·t·min(window, u + t/2))

over r · rate · efficiency, plus two all-reduces of t·hidden 16-bit values a layer. Roofline: Williams et al. 2009.
What was fitted or assumed stands in efficiency.toml with its source; benchmarks/speed.py fits it on the even-numbered
speed rows of the measured deployments, judges on the odd-numbered, and prints all residuals. The bands are wide: a
factor, not a percentage.
"""

import tomllib
from functools import cache
from math import log2
from pathlib import Path
from typing import Literal

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json, Record
from factory.gpu.capacity import state_bytes, token_bytes
from factory.gpu.records import KV_BYTES, Geometry, Setup
from factory.gpu.rules import version
from factory.gpu.weights import read_bytes, weight_bytes

What = Literal["decode", "prefill"]
Class = tuple[str, str, str]  # (kind of model, weights or arithmetic, generation of the card), ANY for all
NEW_TURN = 1_000  # tokens of a new turn in a session whose prefix is cached
ANY = "*"
SHARE = 0.9  # of the measurements that a band is made to hold


class Range(Record):
    """A value and the band around it, which held SHARE of the judged measurements (efficiency.toml, [band])."""

    low: float
    value: float
    high: float


class Speed(Record):
    """How fast one set-up is with `parallel` requests of `context` tokens on each replica."""

    decode: Range  # tok/s of one session
    total: Range  # tok/s of all sessions on all replicas
    prefill: Range  # tok/s of one replica, mean over a prompt of `context` tokens
    cold: Range  # seconds to the first token of a prompt of `context` tokens, alone, nothing cached
    warm: Range  # the same when all but a turn of NEW_TURN tokens is cached
    accepted: float  # tokens a decode step yields for one session; 1 without speculation
    binds: str  # what bounds decoding: memory bandwidth, arithmetic, links and kernels

    @property
    def each(self) -> float:
        return self.decode.value

    def of(self, sessions: int) -> "Speed":
        """With the total of so many sessions, where the replicas are not all equally full."""
        rate = self.decode
        total = Range(low=rate.low * sessions, value=rate.value * sessions, high=rate.high * sessions)
        return self.but(total=total)


class Work(Record):
    """One piece of work on one replica: what the cards need at their peak rates, and what no rate shortens. Seconds."""

    memory: float = 0
    arithmetic: float = 0
    overhead: float = 0  # all-reduces, kernel launches

    @property
    def peak(self) -> float:
        return max(self.memory, self.arithmetic)

    def seconds(self, share: float = 1) -> float:
        """At `share` of the peak rates."""
        return self.peak / share + self.overhead

    def binds(self, share: float = 1) -> str:
        if self.overhead > self.peak / share:
            return "links and kernels"
        return "arithmetic" if self.arithmetic > self.memory else "memory bandwidth"


def speed(setup: Setup, context: int, parallel: int) -> Speed:
    """Decode and prefill rates and times to the first token, each with its band.

    `parallel` requests run on each replica, each with `context` tokens in its cache. Raises UsageProblem below 1.
    """
    if context < 1 or parallel < 1:
        raise UsageProblem("Speed needs at least one token of context and one request: give numbers from 1 up.")
    found, share = step(setup, context, parallel), efficiency("decode", setup)
    rate = tokens_a_step(setup) / found.seconds(share)
    turn = min(NEW_TURN, context)
    whole, new = prefill(setup, context), prefill(setup, turn, context - turn)
    first, at = step(setup, context, 1).seconds(share), efficiency("prefill", setup)
    return Speed(
        decode=band("decode", setup, rate),
        total=band("decode", setup, rate * parallel * max(1, setup.count // setup.tp)),
        prefill=band("prefill", setup, context / whole.seconds(at)), accepted=tokens_a_step(setup),
        binds=found.binds(share),
        cold=band("prefill", setup, whole.seconds(at) + first), warm=band("prefill", setup, new.seconds(at) + first),
    )  # fmt: skip


def arriving(setup: Setup, prompt: int, answer: int, parallel: int) -> float:
    """Total tok/s while `parallel` cold prompts that came together are answered, each from its own first token on.

    A request decodes while those after it prefill, which holds it up for `overlap` of their time; the mean one waits
    for (parallel - 1) / 2 of them.
    """
    found = speed(setup, prompt, parallel)
    held = float(table()["assumed"]["overlap"]) * (parallel - 1) / 2 * found.cold.value
    return parallel * answer / (answer / found.each + held)


def step(setup: Setup, context: int, parallel: int) -> Work:
    """One decode step of one replica."""
    model, card, drafts = setup.geometry, setup.card, setup.speculate
    tokens = parallel * (1 + drafts)
    read = weights_read(model, setup, tokens) + drafts * _draft_bytes(model)
    memory = read / setup.tp + parallel * _session_bytes(setup, context)
    capped = _capped("decode", setup)
    return Work(
        memory=memory / (card.bandwidth * 1e9 * capped),
        arithmetic=2 * (model.active - _looked_up(model)) * tokens / (setup.tp * card.flops * 1e12 * capped),
        overhead=_overhead(setup, tokens),
    )


def prefill(setup: Setup, tokens: int, cached: int = 0) -> Work:
    """Prefill of `tokens` after `cached` ones on one replica."""
    model, card = setup.geometry, setup.card
    attention: float = model.full * (cached * tokens + tokens * tokens / 2)
    if model.sliding:
        attention += model.sliding.layers * tokens * min(model.sliding.window, cached + tokens / 2)
    work: float = 2 * (model.active - model.parts.embedding - model.parts.head) * tokens
    work += 4 * model.heads * model.head_dim * attention
    rate = setup.tp * card.flops * 1e12 * _capped("prefill", setup)
    return Work(arithmetic=work / rate, overhead=_link_seconds(setup, tokens))


def weights_read(model: Geometry, setup: Setup, tokens: int) -> float:
    """Bytes of weights that a step with `tokens` tokens reads over all ranks."""
    once = read_bytes(model, setup.weights)
    if not model.moe:
        return once
    unread = weight_bytes(model, setup.weights, 1, vision=False) - once - 2 * _looked_up(model)
    share = expert_share(model)
    return once + max(0, unread) * (1 - (1 - share) ** (tokens - 1))


def expert_share(model: Geometry) -> float:
    """The share of the routed experts' parameters that one token uses."""
    experts = model.parts.experts
    return 1 - (model.parameters - model.active) / experts if experts else model.active / model.parameters


def tokens_a_step(setup: Setup) -> float:
    chance = float(table()["assumed"]["acceptance"])
    return float((1 - chance ** (setup.speculate + 1)) / (1 - chance))


def efficiency(what: What, setup: Setup) -> float:
    """The fitted share of the peak, of the narrowest class that was fitted."""
    fitted = _fitted()
    return next(fitted[(what, *each)] for each in lenders(setup) if (what, *each) in fitted)


def measured(what: What, setup: Setup) -> bool:
    """Whether its narrowest class was among the fitted rows; if not, a wider one lends its efficiency."""
    return (what, *classes(setup)[0]) in _fitted()


def classes(setup: Setup) -> tuple[Class, ...]:
    """The classes that a set-up belongs to, from the narrowest to all."""
    model = setup.geometry
    kind = "moe" if model.moe else "hybrid" if model.linear else "dense"
    bits, made = arithmetic(setup), generation(setup.card.capability)
    return (
        (kind, setup.weights, made), (kind, bits, made), (kind, bits, ANY), (kind, ANY, made), (kind, ANY, ANY),
        (ANY, bits, made), (ANY, bits, ANY), (ANY, ANY, ANY),
    )  # fmt: skip


def lenders(setup: Setup) -> tuple[Class, ...]:
    """The same, and before all kinds are taken together the nearest other kind: what a set-up may borrow from."""
    own = classes(setup)
    other = table()["like"].get(own[0][0])
    return (*own[:-3], *((other, *each[1:]) for each in own[1:-3] if other), *own[-3:])


def arithmetic(setup: Setup) -> str:
    """What the card multiplies these weights in: "16 bit", or fewer where it can."""
    found = [row for row in table()["arithmetic"] if setup.weights in row["weights"]]
    able = [row for row in found if version(row["from"]) <= version(setup.card.capability)]
    return str(able[0]["name"]) if able else "16 bit"


def generation(capability: str) -> str:
    """The card generations of efficiency.toml, by the lowest capability of each."""
    rows = table()["generation"]
    below = [row for row in rows if version(row["from"]) <= version(capability)]
    return str((below or rows)[-1 if below else 0]["name"])


def band(what: What, setup: Setup, value: float) -> Range:
    """The value over and times the factor of its class: one for classes that were measured, a wider one for others."""
    width = table()["band"]["measured" if measured(what, setup) else "carried"][what]
    return Range(low=value / width, value=value, high=value * width)


@cache
def table() -> Json:
    """efficiency.toml as it stands."""
    return tomllib.loads(Path(__file__).with_name("efficiency.toml").read_text(encoding="utf-8"))


@cache
def _fitted() -> dict[tuple[str, ...], float]:
    rows = table()["fitted"]
    return {(row["what"], row["kind"], row["weights"], row["generation"]): float(row["value"]) for row in rows}


def _session_bytes(setup: Setup, context: int) -> float:
    """Bytes of one session's cache that one rank reads in a step; a linear state is read and written."""
    model = setup.geometry
    found = model.full * token_bytes(setup) * context
    if model.sliding:
        heads = max(1, model.sliding.kv_heads // setup.tp)
        seen = min(model.sliding.window, context)
        found += model.sliding.layers * 2 * heads * model.sliding.head_dim * KV_BYTES[setup.kv] * seen
    return found + (2 * model.linear.layers * state_bytes(setup) if model.linear else 0)


def _looked_up(model: Geometry) -> int:
    """Parameters of an input table of its own, of which a token reads one row; 0 when it is the output head too."""
    return model.parts.embedding if model.parts.head else 0


def _draft_bytes(model: Geometry) -> float:
    """Bytes that one draft reads: draft layers and output head, both in 16 bits."""
    parts = model.parts
    return 2 * (parts.draft + (parts.head or parts.embedding)) if parts.draft else model.unquantised


def _overhead(setup: Setup, tokens: int) -> float:
    """Seconds of a step that no rate shortens: launches, and with several ranks their waits, as log2 of the ranks."""
    made, layers, hops = _made(setup), setup.geometry.layers, log2(setup.tp)
    waits = layers * (made["kernel_us"] + 2 * hops * made["wait_us"]) + setup.speculate * hops * made["draft_us"]
    return float(waits * 1e-6) + _link_seconds(setup, tokens)


def _link_seconds(setup: Setup, tokens: int) -> float:
    """Two ring all-reduces a layer: each rank sends 2·(r - 1)/r of the 16-bit activations."""
    sent = 2 * (setup.tp - 1) / setup.tp * tokens * setup.geometry.hidden * 2
    return float(2 * setup.geometry.layers * sent / (_made(setup)["link_gbs"] * 1e9))


def _made(setup: Setup) -> Json:
    name = generation(setup.card.capability)
    return next(row for row in table()["generation"] if row["name"] == name)


def _capped(what: What, setup: Setup) -> float:
    """What a power cap leaves of the rate: (cap / default) to a power; a cap over the default adds nothing."""
    exponent = table()["assumed"][f"{what}_power"]
    return float(min(1.0, (setup.watts or setup.card.watts) / setup.card.watts) ** exponent)
