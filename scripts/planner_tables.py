"""The tables of docs/capacity.md: models, cards, rules, and the planner against measured deployments."""

import contextlib
import io
import tomllib
from collections.abc import Callable
from pathlib import Path

GPU = Path(__file__).parent.parent / "factory" / "gpu"


def pools() -> str:
    """KV pools: every measured one beside the planned."""
    from benchmarks import capacity

    return _said(capacity.main)


def speeds() -> str:
    """Decode and prefill: every measured number beside the predicted, and what the bands held."""
    from benchmarks import speed

    return _said(lambda: speed.main(()))


def models() -> str:
    """The bundled models."""
    from factory.gpu.models import all_models

    rows = []
    for model in all_models():
        kinds = [f"{model.full} full"]
        if model.linear:
            kinds.append(f"{model.linear.layers} linear")
        if model.sliding:
            kinds.append(f"{model.sliding.layers} sliding ({model.sliding.window:,})")
        size = f"{model.parameters / 1e9:.1f}" + (f" ({model.active / 1e9:.1f} active)" if model.moe else "")
        heads = f"{model.kv_heads} x {model.head_dim}" if not model.latent else f"latent {model.latent}"
        rows.append(f"| {model.name} | {size} | {' + '.join(kinds)} | {heads} | {model.context:,} | {model.source} |")
    head = "| model | parameters, 10⁹ | layers | KV | context | source |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, *rows]) + "\n"


def cards() -> str:
    """The cards with what the arithmetic takes from them."""
    from factory.gpu.cards import cards as all_cards

    rows = [
        f"| {card.name} | {card.memory:g} | {card.bandwidth:g} | {card.flops:g} | {card.capability} | {card.watts} |"
        for card in all_cards()
    ]
    head = "| card | GiB | GB/s | TFLOP/s (16 bit) | capability | W |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, *rows]) + "\n"


def rules() -> str:
    """What does not start, and what starts and loses."""
    found = tomllib.loads((GPU / "rules.toml").read_text(encoding="utf-8"))["rule"]
    rows = [f"| {rule['id']} | {rule['kind']} | {rule['say']} | {rule['source']} |" for rule in found]
    return "\n".join(["| rule | | what is said | source |\n| --- | --- | --- | --- |", *rows]) + "\n"


def _said(main: Callable[[], int]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main()
    return out.getvalue().strip() + "\n"
