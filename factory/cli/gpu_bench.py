"""factory gpu bench"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Json
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.contracts.record import Json as Row


def bench(
    url: Annotated[str, typer.Option(help="The server's OpenAI-wire address, for example http://127.0.0.1:8000/v1.")],
    model: Annotated[str, typer.Option(help="The model's name at that server.")],
    key_env: Annotated[str, typer.Option(help="Name of the environment variable that holds the key.")] = "",
    parallel: Annotated[str, typer.Option(help="How many requests at once, one after the other.")] = "1,2,4,8",
    shapes: Annotated[str, typer.Option(help="What to ask for: short, code, 16k, 64k.")] = "short,code,16k,64k",
    gpus: Annotated[str, typer.Option(help="The cards behind it, for example 2x3090, for the row.")] = "",
    tp: Annotated[int, typer.Option(min=0, help="Its tensor parallel ranks, for the row; else all cards.")] = 0,
    weights: Annotated[str, typer.Option(help="Its weights, for example int4, for the row.")] = "",
    kv: Annotated[str, typer.Option(help="Its KV cache's type, for the row.")] = "",
    context: Annotated[int, typer.Option(min=0, help="Its longest request in tokens, where it does not say.")] = 0,
    engine: Annotated[str, typer.Option(help="What serves it, for the row.")] = "vllm",
    out: Annotated[Path | None, typer.Option(help="Also write the row here, as JSON.")] = None,
    as_json: Json = False,
) -> int:
    """Measure a running endpoint: first token, decode, prefill cold and warm, several at once. Costs its tokens."""
    from secrets import token_hex

    from factory.gpu.bench import measure
    from factory.llm.timing import Timer, endpoint_at

    wanted = tuple(part.strip() for part in shapes.split(",") if part.strip())
    many = _numbers(parallel)
    facts = _facts(gpus, tp, weights, kv)
    timer = Timer(endpoint_at(url, model, key_env))
    longest = context or timer.context()
    found = measure(
        timer, unique=token_hex(8), shapes=wanted, parallel=many, context=longest,
        tell=lambda line: print(f"factory: {line}", file=sys.stderr),
    )  # fmt: skip
    known = {"max_model_len": longest} if longest else {}
    row = {"model": model, **facts, **known, "source": "measured", "engine": engine, "date": _today(), **found}
    if out:
        from factory.cli.options import write_out

        write_out(out, json.dumps([row], indent=1) + "\n")
    if as_json:
        print(json.dumps(row, indent=2))
    else:
        _print(row)
    return 0


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageProblem(f"--parallel {text!r} is not a list of numbers: write it like 1,2,4,8.") from None


def _facts(gpus: str, tp: int, weights: str, kv: str) -> "Row":
    """What a person says of the machine, under the names of the measured deployments' schema."""
    from factory.cli.gpu_calibrate import cards

    count, card = cards(gpus)
    facts: Row = {"gpu": card, "n_gpu": count, "tp": tp or count, "weights": weights, "kv_dtype": kv}
    return {name: value for name, value in facts.items() if value}


def _print(row: "Row") -> None:
    from factory.render.terminal import table

    left_out = row.pop("left_out", ())
    table([(name, _shown(value)) for name, value in row.items()], ("measured", ""), sys.stdout)
    for each in left_out:
        print(f"left out: {each}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each:g}" for name, each in value.items())
    if isinstance(value, list):
        return " / ".join("-" if each is None else f"{each:g}" for each in value)
    return str(value)
