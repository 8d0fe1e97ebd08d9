"""How vLLM lays out its KV cache: pure arithmetic from a model's geometry to blocks, tokens and sessions.

Formulas: vLLM's `kv_cache_utils.py` and the page alignment of its hybrid models, checked against boot logs
(docs/capacity.md). Bytes are those of one rank; a rank holds at least one head of keys and one of values.
"""

from math import ceil, floor

from factory.contracts.errors import UsageProblem
from factory.gpu.records import KV_BYTES, Pool, Setup

GIB = 1024**3
SCALE = 4  # bytes of the scale that *_per_token_head keeps for each head of keys and of values


def pool(setup: Setup, available: float = 0, blocks: int | None = None) -> Pool:
    """The pool that `available` bytes on each rank give; with `blocks`, the pool of that many blocks.

    Raises UsageProblem when the model's heads cannot be split over the ranks.
    """
    splits(setup)
    page, group = page_bytes(setup), group_size(setup)
    if blocks is None:
        blocks = max(0, floor(available / (page * group)))
    need = blocks_for(setup, setup.max_model_len)
    concurrency = blocks / need
    return Pool(
        block_size=block_size(setup), page=page, group=group, blocks=blocks, per_request=need, concurrency=concurrency,
        tokens=int(concurrency * setup.max_model_len), tokens_old=blocks // sum(tables(setup)) * block_size(setup),
    )  # fmt: skip


def sessions(setup: Setup, found: Pool, tokens: int) -> int:
    """How many requests of `tokens` tokens each fit at once with nothing shared between them."""
    return found.blocks // blocks_for(setup, tokens)


def resident(setup: Setup, found: Pool, tokens: int) -> float:
    """The same as a share: 3.3 means three whole requests and a third of a fourth."""
    return found.blocks / blocks_for(setup, tokens)


def blocks_for(setup: Setup, tokens: int) -> int:
    """Blocks that one request of `tokens` tokens holds: growing ones, states, windows."""
    size, model = block_size(setup), setup.geometry
    full, linear, sliding = tables(setup)
    need = full * ceil(tokens / size)
    if model.linear:
        need += linear * ((2 if setup.prefix == "align" else 1) + setup.speculate)
    if model.sliding:
        window = min(model.sliding.window - 1 + setup.max_batched_tokens, tokens)
        need += sliding * (ceil(window / size) + 1)  # one more: a window need not begin where a block does
    return need


def tables(setup: Setup) -> tuple[int, int, int]:
    """Groups of layers that share one table of blocks: (full attention, linear, sliding window)."""
    size = group_size(setup)
    full, linear, sliding = layer_counts(setup)
    return ceil(full / size), ceil(linear / size), ceil(sliding / size)


def group_size(setup: Setup) -> int:
    """Layers of one group. The scarcer kind gives the size, unless the kinds are nearly as many."""
    counts = [count for count in layer_counts(setup) if count]
    return max(counts) if max(counts) < 1.5 * min(counts) else min(counts)


def layer_counts(setup: Setup) -> tuple[int, int, int]:
    """(full, linear, sliding) layers; speculation adds the draft head's own layers to the first."""
    model = setup.geometry
    draft = model.mtp if setup.speculate else 0
    return (
        model.full + draft,
        model.linear.layers if model.linear else 0,
        model.sliding.layers if model.sliding else 0,
    )


def block_size(setup: Setup) -> int:
    """Tokens of a block: the least, or so many that a page of keys and values is not smaller than one linear state."""
    least = setup.block
    return least if setup.geometry.linear is None else least * ceil(state_bytes(setup) / (least * token_bytes(setup)))


def page_bytes(setup: Setup) -> int:
    """Bytes of one block in one layer on one rank: the larger kind of layer decides."""
    model, size = setup.geometry, block_size(setup)
    if model.sliding is None:
        return size * token_bytes(setup)
    return size * max(token_bytes(setup), _heads_bytes(setup, model.sliding.kv_heads, model.sliding.head_dim))


def token_bytes(setup: Setup) -> int:
    """Bytes that one token adds in one layer with full attention on one rank."""
    model = setup.geometry
    if model.latent:  # one latent vector for all heads, held whole by each rank
        return model.latent * KV_BYTES[setup.kv]
    return _heads_bytes(setup, model.kv_heads, model.head_dim)


def state_bytes(setup: Setup) -> int:
    """Bytes of one linear layer's state on one rank: the convolution in 16 bits, the recurrent part in ssm_bytes."""
    linear = setup.geometry.linear
    if linear is None:
        return 0
    channels = 2 * linear.key_heads * linear.key_dim + linear.value_heads * linear.value_dim
    conv = channels // setup.tp * (linear.conv - 1 + setup.speculate) * 2
    return conv + linear.value_heads // setup.tp * linear.value_dim * linear.key_dim * setup.ssm_bytes


def splits(setup: Setup) -> None:
    """Raises UsageProblem when query, value or key heads do not divide by the ranks."""
    model, tp = setup.geometry, setup.tp
    counts = {"query heads": model.heads}
    if model.linear:
        counts |= {"linear key heads": model.linear.key_heads, "linear value heads": model.linear.value_heads}
    for what, count in counts.items():
        if count % tp:
            raise UsageProblem(f"{model.name or 'The model'} has {count} {what}: they cannot be split over --tp {tp}.")
    if model.kv_heads % tp and tp % model.kv_heads:
        raise UsageProblem(
            f"{model.name or 'The model'} has {model.kv_heads} KV heads: --tp {tp} does not divide them."
        )


def _heads_bytes(setup: Setup, kv_heads: int, head_dim: int) -> int:
    heads = max(1, kv_heads // setup.tp)
    scales = 2 * heads * SCALE if setup.kv.endswith("_per_token_head") else 0
    return 2 * heads * head_dim * KV_BYTES[setup.kv] + scales
