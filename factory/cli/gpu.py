"""factory gpu: what fits on which card, for how many people, how fast"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.gpu_bench import bench
from factory.cli.gpu_calibrate import calibrate
from factory.cli.gpu_lease import lease
from factory.cli.gpu_profile import profile
from factory.cli.gpu_reap import reap
from factory.cli.gpu_status import status
from factory.cli.options import Json
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from factory.gpu.plan import Candidate
    from factory.gpu.records import Geometry, Setup

Options = dict[str, object]  # of a Setup, by field; "" and 0 = not given
USUAL = 65_536  # tokens of a session where nothing is said


def build() -> typer.Typer:
    """The group with its commands."""
    app = typer.Typer(help="What fits on your cards, for how many people, how fast.", no_args_is_help=True)
    for command in (plan, calibrate, bench, profile, status, lease, reap):
        app.command(command.__name__)(command)
    return app


def plan(
    gpus: Annotated[str, typer.Option(help="The cards, for example 2x3090.")] = "1x3090",
    developers: Annotated[int, typer.Option(min=1, max=1000, help="Sessions that must be resident at once.")] = 1,
    context: Annotated[str, typer.Option(help="Tokens of one session: 64k, 65536; else 64k.")] = "",
    model: Annotated[str, typer.Option(help="One model: a config.json, its folder, or a name of the table.")] = "",
    hub: Annotated[bool, typer.Option("--hub", help="--model is OWNER/NAME: fetch its config.json.")] = False,
    weights: Annotated[
        str, typer.Option(help="bf16, fp16, fp8, int8, int4, nvfp4, mxfp4, w8a8, w4a8; else as --model says, or bf16.")
    ] = "",
    tp: Annotated[int, typer.Option(min=0, max=64, help="Tensor parallel ranks; else all cards.")] = 0,
    kv: Annotated[str, typer.Option(help="KV cache: bf16, fp16, fp8, fp8_e5m2, int8_per_token_head; else bf16.")] = "",
    max_model_len: Annotated[str, typer.Option(help="Longest request in tokens; else --context.")] = "",
    speculate: Annotated[int, typer.Option(min=0, max=16, help="Draft tokens a step (MTP).")] = 0,
    prefix_cache: Annotated[str, typer.Option(help="align, none (hybrid models' state mode) or off.")] = "align",
    fp16_state: Annotated[
        bool, typer.Option("--fp16-state", help="Linear layers keep their state in 16 bits.")
    ] = False,
    utilisation: Annotated[float, typer.Option(min=0.1, max=1.0, help="Share of the card that vLLM may use.")] = 0.92,
    max_batched_tokens: Annotated[int, typer.Option(min=16, max=1_000_000, help="Tokens of one step.")] = 2048,
    watts: Annotated[int, typer.Option(min=0, help="Power cap a card; 0 = the card's own.")] = 0,
    available_gib: Annotated[float, typer.Option(min=0, max=4096, help="KV memory a card, from a boot log.")] = 0,
    blocks: Annotated[int, typer.Option(min=0, max=10**9, help="KV blocks, from a boot log.")] = 0,
    rows: Annotated[int, typer.Option(min=1, max=200, help="Set-ups to list.")] = 12,
    as_json: Json = False,
) -> int:
    """What fits, how many sessions, how fast: one set-up with --model, else the best of all. Exit 1: nothing fits."""
    fixed: Options = {"watts": watts, "utilisation": utilisation, "max_batched_tokens": max_batched_tokens}
    own: Options = {"kv": kv, "tp": tp, "speculate": speculate, "ssm_bytes": 2 if fp16_state else 4}
    own |= {"prefix": prefix_cache, "weights": weights}
    pool = (available_gib or None, blocks or None)
    if model:
        one = _judged(model, hub, gpus, (context, max_model_len), developers, fixed | own, pool)
        return _show((one,), rows, as_json, one=True)
    if hub or any(pool) or tp or speculate or kv or max_model_len or fp16_state or prefix_cache != "align":
        raise UsageProblem("These numbers belong to one set-up: name its --model too.")
    return _show(_ranked(gpus, context, developers, weights, fixed), rows, as_json, one=False)


def _geometry(model: str, hub: bool) -> "Geometry":
    if hub:
        import os

        from factory.gpu.hub import fetch

        return fetch(model, os.environ)
    from factory.gpu.models import model_of

    return model_of(model)


def _judged(
    model: str, hub: bool, gpus: str, lengths: tuple[str, str], developers: int, options: Options,
    pool: tuple[float | None, int | None],
) -> "Candidate":  # fmt: skip
    from factory.gpu.cards import parse
    from factory.gpu.command import stated
    from factory.gpu.plan import judged
    from factory.gpu.records import Setup
    from factory.gpu.tokens import tokens

    if all(pool):
        raise UsageProblem("Give --blocks or --available-gib, one of the two: either says how large the pool is.")
    shape = _geometry(model, hub)
    options = {**options, "weights": options["weights"] or stated(model, shape)}
    card, count = parse(gpus)
    context, longest = lengths
    usual = tokens(longest, "--max-model-len") if longest else min(USUAL, shape.context)
    span = tokens(context, "--context") if context else min(USUAL, usual)
    most = usual if longest else span
    if span > most:
        raise UsageProblem(f"A session of {span:,} tokens is longer than --max-model-len {most:,}: raise it.")
    start = Setup(geometry=shape, card=card, count=count, tp=count, max_model_len=most)
    setup, (gib, blocks) = _setup(start, options), pool
    return judged(setup, span, developers, gib if gib or blocks else _learned()(setup), blocks)


def _ranked(gpus: str, context: str, developers: int, weights: str, options: Options) -> "tuple[Candidate, ...]":
    from factory.gpu.cards import parse
    from factory.gpu.models import all_models
    from factory.gpu.plan import candidates, judged, known_weights, ranked
    from factory.gpu.tokens import tokens

    card, count = parse(gpus)
    span = tokens(context, "--context") if context else USUAL
    setups = candidates(all_models(), card, count, span, known_weights(weights))
    learned, asked = _learned(), [_setup(each, options) for each in setups]
    return ranked(judged(each, span, developers, learned(each)) for each in asked)


def _learned() -> "Callable[[Setup], float | None]":
    """What `factory gpu calibrate` stored of such set-ups."""
    from functools import partial

    from factory.gpu.calibrations import all_starts
    from factory.gpu.learned import available
    from factory.places import state_folder

    return partial(available, all_starts(state_folder()))


def _setup(start: "Setup", options: Options) -> "Setup":
    """With the options that were given. Raises UsageProblem naming the one that is not a value of its field."""
    from factory.contracts.record import ValidationError, problems

    try:
        return start.but(**{name: value for name, value in options.items() if value not in ("", 0)})
    except ValidationError as error:
        raise UsageProblem(f"There is no such set-up: {problems(error)[0]}.") from None


def _show(found: "tuple[Candidate, ...]", rows: int, as_json: bool, one: bool) -> int:
    from factory.render.capacity import one_setup, ranking, record

    fits = [each for each in found if each.meets]
    if as_json:
        import json

        print(json.dumps(record(found[0]) if one else [record(each) for each in found[:rows]], indent=2))
    elif one:
        one_setup(found[0], sys.stdout)
    else:
        ranking(found[:rows], len(found), sys.stdout)
    return 0 if fits else 1
