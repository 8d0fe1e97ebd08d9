"""Which set-ups serve so many developers on these cards: every sensible combination, judged and ranked.

Enough sessions comes first, then the class of the model's effective size (half an octave wide), then speed. The
effective size of a mixture of experts is the geometric mean of all and of active parameters; weights in few bits count
5 % less. Both are rules of thumb, nothing measured: which model codes best is not the planner's to say.
"""

from collections.abc import Iterable
from math import log2, sqrt
from typing import get_args

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Record
from factory.gpu.capacity import GIB, pool, resident, sessions, splits
from factory.gpu.command import checkpoint
from factory.gpu.memory import Memory, memory
from factory.gpu.records import Card, Geometry, KvDtype, Pool, PrefixCache, Setup, Weights
from factory.gpu.rules import advised, refused, version
from factory.gpu.speed import Speed, speed

FEW_BITS: frozenset[Weights] = frozenset({"int4", "nvfp4", "mxfp4", "w4a8"})
NEW_TURN = 1_000  # tokens of a new turn in a session whose prefix is cached
DRAFTS = 3  # tokens an MTP head drafts best; on mixtures of experts it was measured to cost speed, so they get none
FP4 = (10, 0)  # first compute capability with FP4 arithmetic
SLOWEST = 8.0  # tok/s each below which nobody wants to wait; such set-ups rank behind all others


class Candidate(Record):
    """One set-up, judged for `developers` sessions of `context` tokens at once."""

    setup: Setup
    context: int
    developers: int
    memory: Memory
    pool: Pool | None = None  # None: the weights alone do not fit
    sessions: float = 0  # of `context` tokens, all replicas together
    whole: int = 0  # the same, whole ones only
    speed: Speed | None = None  # with min(developers, whole) sessions at work, shared out over the replicas
    refused: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def replicas(self) -> int:
        return self.setup.count // self.setup.tp

    @property
    def meets(self) -> bool:
        return not self.refused and self.whole >= self.developers

    @property
    def watts(self) -> int:
        return self.setup.count * (self.setup.watts or self.setup.card.watts)

    @property
    def effective(self) -> float:
        """Parameters, as the module's docstring weighs them."""
        model = self.setup.geometry
        return sqrt(model.parameters * model.active) * (0.95 if self.setup.weights in FEW_BITS else 1.0)

    @property
    def binds(self) -> str:
        """The limit that is met first, for people."""
        if self.refused:
            return "does not start"
        if self.pool is None:
            return "weights do not fit"
        if self.whole < self.developers:
            return "KV memory"
        return self.speed.binds if self.speed else ""


def judged(
    setup: Setup, context: int, developers: int, available: float | None = None, blocks: int | None = None
) -> Candidate:
    """`available` GiB a card or `blocks` replace the estimate. Raises UsageProblem for heads that do not split."""
    splits(setup)
    found = memory(setup, available)
    made = Candidate(
        setup=setup, context=context, developers=developers, memory=found, refused=refused(setup), advice=advised(setup)
    )
    if not made.replicas or setup.count % setup.tp or (blocks is None and not found.fits):
        return made
    cache = pool(setup, found.available * GIB, blocks)
    share, whole = resident(setup, cache, context), sessions(setup, cache, context)
    each = max(1, min(-(-developers // made.replicas), whole))
    at_work = max(1, min(developers, whole * made.replicas))
    return made.but(
        pool=cache, sessions=share * made.replicas, whole=whole * made.replicas,
        speed=speed(setup, context, each).of(at_work),
    )  # fmt: skip


def candidates(
    models: Iterable[Geometry], card: Card, count: int, context: int, weights: tuple[Weights, ...] = ()
) -> tuple[Setup, ...]:
    """Every combination worth judging: weights, ranks, KV dtype, speculation.

    `weights` () = 16, 8 and 4 bits, which anybody can make, and those kinds of which the table names a checkpoint.
    """
    found = []
    for model in models:
        if model.context < context:
            continue
        for kind in weights or _kinds(model, card):
            for tp in _ranks(count):
                for draft in (0, DRAFTS) if model.mtp and not model.moe else (0,):
                    found += _with_kv(model, card, count, context, kind, tp, draft)
    return tuple(found)


def known_weights(name: str) -> tuple[Weights, ...]:
    """() for "": any. Raises UsageProblem for a kind of weights that there is not."""
    known: tuple[Weights, ...] = get_args(Weights)
    if name and name not in known:
        raise UsageProblem(f"--weights {name!r} is not one of: {', '.join(known)}.")
    return tuple(kind for kind in known if kind == name)


def ranked(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Best first, each model once with the best of its variants; what does not start comes last."""
    best: dict[str, Candidate] = {}
    for each in sorted(found, key=_order):
        best.setdefault(each.setup.geometry.name, each)
    return tuple(best.values())


def _order(each: Candidate) -> tuple[object, ...]:
    rate = each.speed.decode.low if each.speed else 0.0  # a guess with a wide band does not win over a measurement
    size = -round(2 * log2(each.effective)) if each.meets else -each.sessions
    newest_first = tuple(-ord(letter) for letter in each.setup.geometry.name)
    return bool(each.refused), not each.meets, rate < SLOWEST, size, -rate, newest_first


def _kinds(model: Geometry, card: Card) -> tuple[Weights, ...]:
    rare: tuple[Weights, ...] = ("w4a8", "w8a8", "mxfp4", *(("nvfp4",) if version(card.capability) >= FP4 else ()))
    return ("int4", "fp8", "bf16", *(kind for kind in rare if checkpoint(model, kind)))


def _ranks(count: int) -> tuple[int, ...]:
    """Powers of two that divide the cards."""
    return tuple(tp for tp in (1, 2, 4, 8) if tp <= count and count % tp == 0)


def _with_kv(
    model: Geometry, card: Card, count: int, context: int, kind: Weights, tp: int, draft: int
) -> list[Setup]:  # fmt: skip
    dtypes: tuple[KvDtype, ...] = ("fp8", "bf16")
    prefix: PrefixCache = "align"
    found = []
    for kv in dtypes:
        setup = Setup(geometry=model, card=card, count=count, tp=tp, weights=kind, kv=kv, speculate=draft,
                      max_model_len=context, prefix=prefix)  # fmt: skip
        try:
            splits(setup)
        except UsageProblem:
            continue
        found.append(setup)
    return found
