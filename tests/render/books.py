"""What a rich run cost, sent, said and when: tables for `stories`."""

from factory.contracts.story import Cost, Sent, Span, Talk

_COSTS = """
atlas   local    box        1  0      11800 1400 0     14
backend local    box        9  0      98000 5200 71000 49
genesis local    box        2  0      18100 812  0     11
genesis frontier anthropic  1  48730  9100  640  0     8
"""
_SPANS = """
intake   -       stage    0     0.1
gather   -       stage    0.1   0.9
plan     -       stage    1     14.2
plan     -       exchange 1     14
generate -       stage    15.2  66
collect  -       stage    81.2  0.3
verify   -       stage    81.5  31
verify   -       install  81.5  12
verify   -       check    93.5  9
verify   -       check    102.5 9.5
refine   -       stage    112.5 84
deliver  -       stage    196.5 0.4
generate api     exchange 16    18
generate api     exchange 36    22
generate page    exchange 16    27
generate proof   exchange 16    19
generate words   exchange 60    6
generate words   tick     66    0
generate words.retry exchange 67 6
generate words.retry exchange 74 6
refine r1.hydra.correctness exchange 112.6 14
refine r1.hydra.tests exchange 127   9
refine r1.threat exchange 112.6 19
refine   fix-1   exchange 138   22
refine fix-1.checks check 162 10
refine r2.genesis.0 exchange 174 11
refine r2.genesis.escalated exchange 186 8
"""


def _cost(row: str) -> Cost:
    role, tier, endpoint, *numbers = row.split()
    names = ("calls", "cost", "tokens_in", "tokens_out", "tokens_cached", "seconds")
    values = dict(zip(names, map(int, numbers), strict=True))
    return Cost.model_validate({"role": role, "tier": tier, "endpoint": endpoint, **values})


def _span(row: str) -> Span:
    stage, unit, kind, start, seconds = row.split()
    label = f"{kind} of {stage}"
    return Span(stage=stage, unit=unit.strip("-"), kind=kind, label=label, start=float(start), seconds=float(seconds))


COSTS = tuple(map(_cost, _COSTS.strip().splitlines()))
SPANS = tuple(map(_span, _SPANS.strip().splitlines()))
SENT = (
    Sent(
        endpoint="box",
        tier="local",
        files=9,
        bytes=48_213,
        distinct=14_820,
        share=0.32,
        paths=("shop/cart.py", "tests/test_cart.py"),
    ),
    Sent(
        endpoint="anthropic",
        tier="frontier",
        files=1,
        bytes=3_120,
        distinct=1_480,
        share=0.031,
        paths=("shop/cart.py",),
    ),
)
_TALK = Talk(
    stage="plan",
    unit="",
    n=1,
    role="atlas",
    template="atlas/plan",
    endpoint="box",
    tier="local",
    model="qwen3-27b",
    seconds=14,
    cost=0,
    tokens_in=11_800,
    tokens_out=1400,
    request="You are Atlas …\nTASK: Cart total",
    reply='{"summary": "…"}',
)
TALKS = (
    _TALK,
    _TALK.but(stage="refine", unit="2", role="genesis", template="genesis/judge", endpoint="anthropic", cost=48_730),
    _TALK.but(stage="refine", unit="2", role="hydra", template="hydra/tests", reply="", problem="unreachable"),
)
