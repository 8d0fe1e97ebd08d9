"""A model's geometry from its config.json, as Hugging Face writes it. The file is not trusted.

What a maker's code presumes where config.json is silent stands in models.toml under [presumed.<model_type>], and what
the planner cannot place under [unknown]. Parameters are counted (`factory/gpu/parameters.py`), never read.
"""

import json
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.contracts.errors import UsageProblem
from factory.contracts.record import ValidationError, problems
from factory.gpu import parameters, quirks
from factory.gpu.parameters import Attention, Feed, Latent
from factory.gpu.records import Geometry, Linear, Parts, Sliding

LARGEST_FILE = 1_000_000  # bytes; real ones have up to about 200,000 (lists of modules left unquantised)
LARGEST = 1 << 24  # of any count; the context may be larger
UNBOUND = 1 << 30  # tokens; of a context that the configuration does not limit: vLLM takes what it is told, too
MOST_LAYERS = 1000
NESTED = ("text_config", "llm_config", "language_config")
KINDS = {
    "full_attention": "full", "attention": "full", "global_attention": "full",
    "sliding_attention": "sliding", "local_attention": "sliding", "linear_attention": "linear",
}  # fmt: skip


def read_config(path: Path) -> Geometry:
    """The geometry in a config.json file, or in a folder that holds one; named for the folder.

    Raises UsageProblem, naming file and key, when the file is missing, too large, or does not say enough.
    """
    file = path / "config.json" if path.is_dir() else path
    if not file.is_file():
        raise UsageProblem(f"{file} is not a file: name a model's config.json or the folder that holds it.")
    try:
        with file.open("rb") as stream:
            text = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageProblem(f"{file} cannot be read ({error.strerror}): name a config.json that can.") from error
    return parse_config(text, str(file), file.resolve().parent.name)


def parse_config(text: bytes, where: str, name: str) -> Geometry:
    """The geometry in the bytes of a config.json. `where` names them in errors. Raises UsageProblem."""
    if len(text) > LARGEST_FILE:
        raise UsageProblem(f"{where} has more than {LARGEST_FILE:,} bytes: that is no model's config.json.")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"{where} is not JSON: name a model's config.json.") from error
    if not isinstance(config, dict):
        raise UsageProblem(f"{where} holds no JSON object: name a model's config.json.")
    return _geometry(Keys(config, where), name)


def from_config(config: Mapping[str, Any], name: str = "") -> Geometry:
    """The geometry in a config that is already a mapping. Raises UsageProblem naming the key."""
    return _geometry(Keys(config, name or "the configuration"), name)


class Keys:
    """The keys of one config.json: the decoder's own first, then the outer ones, then what its maker presumes."""

    def __init__(self, config: Mapping[str, Any], where: str) -> None:
        self.where = where
        self.outer = config
        inner: Mapping[str, Any] = next((config[key] for key in NESTED if isinstance(config.get(key), Mapping)), {})
        kind = str(config.get("model_type"))
        self.presumed = {**quirks.presumed(kind), **quirks.presumed(str(inner.get("model_type") or f"{kind}_text"))}
        self.sources = (inner, config, self.presumed) if inner else (config, self.presumed)

    def get(self, *names: str) -> Any:
        """The first of `names` that is there and not null, or None."""
        for source in self.sources:
            for name in names:
                if source.get(name) is not None:
                    return source[name]
        return None

    def number(self, *names: str, default: int | None = None, most: int = LARGEST, least: int = 1) -> int:
        """A whole number from `least` to `most`; raises UsageProblem naming the key and the file."""
        value = self.get(*names)
        if value is None:
            if default is None:
                raise UsageProblem(f"{self.where} has no {names[0]}: the planner needs it to know the model's size.")
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.bad(names[0], value, f"a whole number from {least} to {most:,}")
        return value

    def flag(self, name: str) -> bool:
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.bad(name, value, "true or false")
        return bool(value)

    def bad(self, name: str, value: object, wanted: str) -> UsageProblem:
        return UsageProblem(f"{self.where} says {name} = {reprlib.repr(value)}: it must be {wanted}.")


def _geometry(keys: Keys, name: str) -> Geometry:
    for key, why in quirks.unknown().items():
        if keys.get(key):
            raise UsageProblem(f"{keys.where} sets {key} ({why}): the planner cannot place this model.")
    try:
        return _built(keys, name)
    except ValidationError as error:
        raise UsageProblem(f"{keys.where} makes no sense as a model: {'; '.join(problems(error))}.") from error


def _built(keys: Keys, name: str) -> Geometry:
    hidden, kinds = keys.number("hidden_size"), _layers(keys)
    full, sliding = _attention(keys, kinds.count("full")), _sliding(keys, kinds.count("sliding"))
    latent, linear, feed = _latent(keys), _linear(keys, kinds.count("linear")), _feed(keys, len(kinds))
    mtp = keys.number("mtp_num_hidden_layers", "num_nextn_predict_layers", default=0, most=16, least=0)
    parts = parameters.count(
        hidden, keys.number("vocab_size"), keys.flag("tie_word_embeddings"), (full, _local(full, sliding)), latent,
        linear, feed, mtp, _image_tower(keys, hidden),
    )  # fmt: skip
    linears = linear.layers if linear else 0
    return Geometry(
        name=name, full=full.layers, kv_heads=full.kv_heads, head_dim=full.head_dim, heads=full.heads, hidden=hidden,
        linear=linear, sliding=sliding, mtp=mtp, latent=latent.rank + latent.rope if latent else 0,
        parameters=parameters.total(parts), active=parameters.active(parts, feed),
        unquantised=_unquantised(keys, parts, len(kinds) - linears, linears),
        context=_longest(keys), source=keys.where, parts=parts,
        stored=quirks.stored(keys.get("quantization_config")),
    )  # fmt: skip


def _longest(keys: Keys) -> int:
    return keys.number("max_position_embeddings", default=UNBOUND, most=UNBOUND)


def _unquantised(keys: Keys, parts: Parts, attentions: int, linears: int) -> int:
    """Parameters in 16 bits: tables and small ones, and what this checkpoint's quantiser left out."""
    stated = keys.get("quantization_config")
    return (
        parts.embedding + parts.head + parts.small
        + int(parts.attention * quirks.kept_share(stated, "attention", attentions))
        + int(parts.linear_in * quirks.kept_share(stated, "linear_in", linears))
        + int(parts.linear_out * quirks.kept_share(stated, "linear_out", linears))
    )  # fmt: skip


def _image_tower(keys: Keys, hidden: int) -> int:
    stated = keys.outer.get("vision_config")
    if not isinstance(stated, Mapping):
        return 0
    return parameters.image_tower({**quirks.presumed(str(stated.get("model_type"))), **stated}, hidden)


def _layers(keys: Keys) -> list[str]:
    """The kind of each layer: "full", "sliding" or "linear"."""
    count, named = keys.number("num_hidden_layers", most=MOST_LAYERS), keys.get("layer_types")
    if named is None:
        return _patterned(keys, count)
    if not isinstance(named, list) or len(named) != count:
        raise keys.bad("layer_types", named, f"a list of {count} kinds, one for each of num_hidden_layers")
    for kind in named:
        if not isinstance(kind, str) or kind not in KINDS:
            raise keys.bad("layer_types", kind, f"one of {', '.join(KINDS)}")
    return [KINDS[kind] for kind in named]


def _patterned(keys: Keys, count: int) -> list[str]:
    every = keys.number("full_attention_interval", default=0, least=0)
    pattern = keys.number("sliding_window_pattern", "_sliding_window_pattern", default=0, least=0)
    if every or pattern:
        other, step = ("linear", every) if every else ("sliding", pattern)
        return ["full" if (layer + 1) % step == 0 else other for layer in range(count)]
    window = keys.number("sliding_window", default=0, least=0, most=UNBOUND)
    if not window or keys.get("use_sliding_window") is False or window >= _longest(keys):
        return ["full"] * count
    first = keys.number("max_window_layers", default=0, least=0) if keys.get("use_sliding_window") else 0
    return ["full"] * min(first, count) + ["sliding"] * max(0, count - first)


def _attention(keys: Keys, layers: int) -> Attention:
    """Attention over the whole context."""
    heads, size = keys.number("num_attention_heads"), _head_dim(keys)
    kv = keys.number("num_key_value_heads", default=heads)
    if heads % kv:
        raise keys.bad("num_key_value_heads", kv, f"a divisor of num_attention_heads = {heads}")
    shared = keys.flag("attention_k_eq_v")
    return Attention(
        layers=layers, heads=heads, gate=keys.flag("attn_output_gate"), shared=shared,
        kv_heads=keys.number("num_global_key_value_heads", default=kv),
        head_dim=keys.number("global_head_dim", default=size),
    )  # fmt: skip


def _head_dim(keys: Keys) -> int:
    if keys.get("kv_lora_rank") is not None:
        return keys.number("qk_nope_head_dim", default=0, least=0) + keys.number("qk_rope_head_dim")
    hidden, heads = keys.number("hidden_size"), keys.number("num_attention_heads")
    return keys.number("head_dim", default=max(1, hidden // heads))


def _sliding(keys: Keys, layers: int) -> Sliding | None:
    if not layers:
        return None
    kv = keys.number("num_key_value_heads", default=keys.number("num_attention_heads"))
    window = keys.number("sliding_window", most=UNBOUND)
    return Sliding(layers=layers, window=window, kv_heads=kv, head_dim=_head_dim(keys))


def _local(full: Attention, sliding: Sliding | None) -> Attention:
    """The shapes of the sliding layers: the queries of the full ones, keys and values of their own."""
    if sliding is None:
        return full.but(layers=0)
    return full.but(layers=sliding.layers, kv_heads=sliding.kv_heads, head_dim=sliding.head_dim, shared=False)


def _latent(keys: Keys) -> Latent | None:
    if keys.get("kv_lora_rank") is None:
        return None
    return Latent(
        query=keys.number("q_lora_rank", default=0, least=0), rank=keys.number("kv_lora_rank"),
        nope=keys.number("qk_nope_head_dim"), rope=keys.number("qk_rope_head_dim"), value=keys.number("v_head_dim"),
    )  # fmt: skip


def _linear(keys: Keys, layers: int) -> Linear | None:
    if not layers:
        return None
    return Linear(
        layers=layers, key_heads=keys.number("linear_num_key_heads"), key_dim=keys.number("linear_key_head_dim"),
        value_heads=keys.number("linear_num_value_heads"), value_dim=keys.number("linear_value_head_dim"),
        conv=keys.number("linear_conv_kernel_dim", default=4, least=2),
    )  # fmt: skip


def _feed(keys: Keys, layers: int) -> Feed:
    matrices = keys.number("mlp_matrices", default=3, least=2, most=3)
    experts = keys.number("num_experts", "num_local_experts", "n_routed_experts", default=0, least=0)
    if not experts:
        return Feed(dense=layers, width=keys.number("intermediate_size"), matrices=matrices)
    width = keys.number("moe_intermediate_size", "intermediate_size")
    chosen = keys.number("num_experts_per_tok", "top_k_experts", "num_experts_per_token", most=experts)
    moe = _expert_layers(keys, layers)
    dense = layers if keys.flag("enable_moe_block") else layers - moe
    shared = keys.number("n_shared_experts", "num_shared_experts", default=0, least=0) * width
    return Feed(
        dense=dense, width=keys.number("intermediate_size") if dense else 0, matrices=matrices, moe=moe,
        experts=experts, chosen=chosen, expert_width=width,
        shared_width=keys.number("shared_expert_intermediate_size", default=shared, least=0),
    )  # fmt: skip


def _expert_layers(keys: Keys, layers: int) -> int:
    named = keys.get("mlp_layer_types", "moe_layer_freq")
    if isinstance(named, list):
        return min(layers, named.count("sparse") + named.count(1))
    first = keys.number("first_k_dense_replace", default=0, least=0)
    step, dense = keys.number("decoder_sparse_step", default=1), keys.get("mlp_only_layers")
    excepted = dense if isinstance(dense, list) else []
    return sum(layer >= first and (layer + 1) % step == 0 and layer not in excepted for layer in range(layers))
