"""How many parameters a decoder has, counted from the shapes in its config.json.

With h = hidden, d = head size, n = query heads, k = KV heads, all per layer:

    attention   h·n·d (twice with an output gate) + h·k·d (keys) + h·k·d (values, unless they are the keys) + n·d·h
    MLA         h·q + q·n·(nope+rope), or h·n·(nope+rope) without q; + h·(latent+rope) + latent·n·(nope+v) + n·v·h
    linear      in: h·(2·nk·dk + 2·nv·dv); out: nv·dv·h; small: 2·h·nv + conv·(2·nk·dk + nv·dv) + 2·nv + dv
    MLP         3·h·i where gated, else 2·h·i; experts the same with their own i; router h·experts
    embeddings  vocabulary·h, twice unless tied;   norms 2·h a layer + h
    draft       an attention layer with its MLP or experts, + 2·h·h that joins token and state, + norms

Biases and the norms of single heads are left out (under 0.1 %). Shapes: the model code of Hugging Face transformers.
"""

from collections.abc import Mapping
from typing import Any

from factory.contracts.record import Field, Record
from factory.gpu.records import Linear, Parts


class Attention(Record):
    """The shapes of one kind of attention layer. Counts of layers, heads and elements."""

    layers: int = Field(ge=0)
    heads: int
    kv_heads: int
    head_dim: int
    gate: bool = False  # the query projection carries an output gate as large as itself
    shared: bool = False  # values are the keys: one projection for both


class Latent(Record):
    """Multi-head latent attention (DeepSeek). Ranks and head sizes in elements; `query` 0 = full rank."""

    query: int = Field(ge=0)
    rank: int = Field(gt=0)
    nope: int = Field(ge=0)
    rope: int = Field(gt=0)
    value: int = Field(gt=0)


class Feed(Record):
    """The feed-forward side: dense layers, and layers with routed experts."""

    dense: int = Field(ge=0)  # layers with the dense MLP
    width: int = Field(ge=0)  # its intermediate size
    matrices: int = 3  # 3 with a gate, else 2
    moe: int = 0  # layers with routed experts
    experts: int = 0
    chosen: int = 0  # experts for one token
    expert_width: int = 0
    shared_width: int = 0  # of the shared experts together


def count(
    hidden: int, vocabulary: int, tied: bool, kinds: tuple[Attention, ...], latent: Latent | None,
    linear: Linear | None, feed: Feed, mtp: int = 0, vision: int = 0,
) -> Parts:  # fmt: skip
    """All parts of one decoder; `kinds[0]` is the attention that a draft layer copies."""
    layers = sum(kind.layers for kind in kinds) + (linear.layers if linear else 0)
    table, one = vocabulary * hidden, attention(hidden, kinds[0], latent)
    expert = feed.matrices * hidden * feed.expert_width
    shared = feed.matrices * hidden * feed.shared_width
    dense = feed.matrices * hidden * feed.width
    draft_feed = feed.experts * expert + shared if feed.moe else dense
    return Parts(
        embedding=table,
        head=0 if tied else table,
        attention=sum(kind.layers * attention(hidden, kind, latent) for kind in kinds),
        linear_in=linear.layers * hidden * 2 * (_keys(linear) + _values(linear)) if linear else 0,
        linear_out=linear.layers * hidden * _values(linear) if linear else 0,
        small=2 * hidden * layers + hidden + feed.moe * hidden * feed.experts + _small(hidden, linear),
        mlp=feed.dense * dense + feed.moe * shared,
        experts=feed.moe * feed.experts * expert,
        vision=vision,
        draft=mtp * (one + draft_feed + 2 * hidden * hidden + 5 * hidden),
    )


def attention(hidden: int, kind: Attention, latent: Latent | None = None) -> int:
    """Parameters of one layer's projections."""
    heads = kind.heads
    if latent:
        wide = heads * (latent.nope + latent.rope)
        query = (hidden + wide) * latent.query if latent.query else hidden * wide
        down, up = hidden * (latent.rank + latent.rope), latent.rank * heads * (latent.nope + latent.value)
        return query + down + up + heads * latent.value * hidden
    queries, keys = hidden * heads * kind.head_dim, hidden * kind.kv_heads * kind.head_dim
    return queries * (3 if kind.gate else 2) + keys * (1 if kind.shared else 2)


def total(parts: Parts) -> int:
    """Parameters of the decoder without its image tower and draft head."""
    return (
        parts.embedding + parts.head + parts.attention + parts.linear_in + parts.linear_out
        + parts.small + parts.mlp + parts.experts
    )  # fmt: skip


def active(parts: Parts, feed: Feed) -> int:
    """Parameters that one token passes, the input table among them."""
    return total(parts) - (parts.experts - parts.experts * feed.chosen // feed.experts if feed.experts else 0)


def image_tower(config: Mapping[str, Any], hidden: int) -> int:
    """About how many parameters an image tower has, from its `vision_config`; 0 where its sizes are not given.

    A layer is 4·w·w + 2·w·i (3 where `mlp_matrices` says so); the projector joins merge² patches.
    Position tables are left out.
    """
    width, inner = _size(config, "hidden_size"), _size(config, "intermediate_size")
    layers = _size(config, "depth") or _size(config, "num_hidden_layers")
    joined = width * (_size(config, "spatial_merge_size") or 1) ** 2
    matrices = _size(config, "mlp_matrices") or 2
    if not (width and inner and layers):
        return 0
    return layers * (4 * width * width + matrices * width * inner) + joined * joined + joined * hidden


def _size(config: Mapping[str, Any], key: str) -> int:
    value = config.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000 else 0


def _keys(linear: Linear) -> int:
    return linear.key_heads * linear.key_dim


def _values(linear: Linear) -> int:
    return linear.value_heads * linear.value_dim


def _small(hidden: int, linear: Linear | None) -> int:
    if linear is None:
        return 0
    convolution = linear.conv * (2 * _keys(linear) + _values(linear))
    return linear.layers * (2 * hidden * linear.value_heads + convolution + 2 * linear.value_heads + linear.value_dim)
