"""What the planner talks about: a model's geometry, a card, a set-up of both, and the KV pool that comes of it."""

from typing import Literal

from factory.contracts.record import Field, Record

KvDtype = Literal["bf16", "fp16", "fp8", "fp8_e4m3", "fp8_e5m2", "int8_per_token_head", "fp8_per_token_head"]
KV_BYTES: dict[str, int] = {
    "bf16": 2, "fp16": 2, "fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1, "int8_per_token_head": 1, "fp8_per_token_head": 1,
}  # fmt: skip
PrefixCache = Literal["align", "none", "off"]  # "off": no prefix caching; for pure attention the modes are the same
Weights = Literal["bf16", "fp16", "fp8", "int8", "int4", "nvfp4", "mxfp4", "w4a8", "w8a8"]


class Linear(Record):
    """The gated-delta-net (linear attention) layers of a hybrid model. Counts of heads and elements."""

    layers: int = Field(gt=0)
    key_heads: int = Field(gt=0)
    key_dim: int = Field(gt=0)
    value_heads: int = Field(gt=0)
    value_dim: int = Field(gt=0)
    conv: int = Field(default=4, gt=1)  # kernel size of the causal convolution


class Sliding(Record):
    """Attention layers that see a window only, in their own number and geometry."""

    layers: int = Field(gt=0)
    window: int = Field(gt=0)  # tokens
    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)


class Parts(Record):
    """Parameters by what they are, so that a quantiser's exceptions can be counted. Counts of elements.

    `vision` and `draft` are not in `Geometry.parameters`; the rest adds up to it.
    """

    embedding: int = Field(default=0, ge=0)  # input table; a token reads one row of it, or all when it is the head too
    head: int = Field(default=0, ge=0)  # output head; 0 when tied to the embedding
    attention: int = Field(default=0, ge=0)  # query, key, value, gate and output projections
    linear_in: int = Field(default=0, ge=0)  # input projections of linear layers
    linear_out: int = Field(default=0, ge=0)  # their output projections
    small: int = Field(default=0, ge=0)  # norms, routers, convolutions, decay and gate projections: always in 16 bits
    mlp: int = Field(default=0, ge=0)  # dense and shared
    experts: int = Field(default=0, ge=0)  # routed, all of them
    vision: int = Field(default=0, ge=0)  # image tower and projector, loaded unless the engine is told not to
    draft: int = Field(default=0, ge=0)  # the multi-token-prediction head, loaded when it speculates


class Geometry(Record):
    """A decoder as far as memory and speed depend on it. Parameters are counts, not bytes."""

    name: str = ""
    full: int = Field(ge=0)  # layers with attention over the whole context
    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)  # elements of one key (or value) head
    heads: int = Field(gt=0)  # query heads
    hidden: int = Field(gt=0)
    linear: Linear | None = None
    sliding: Sliding | None = None
    mtp: int = Field(default=0, ge=0)  # layers of the multi-token-prediction head, each with full attention
    latent: int = Field(
        default=0, ge=0
    )  # MLA: elements cached per token and layer instead of keys and values; 0 = none
    parameters: int = Field(gt=0)  # all
    active: int = Field(gt=0)  # read for one token (= parameters when dense)
    unquantised: int = Field(ge=0)  # of `parameters`: embeddings, output head, norms, routers: they stay in 16 bits
    context: int = Field(gt=0)  # tokens the model was made for
    stored: Weights | Literal[""] = ""  # the weights that this checkpoint's quantization_config names
    source: str = ""  # where these numbers stand
    parts: Parts = Parts()  # all 0 when only the sums are known

    @property
    def layers(self) -> int:
        return self.full + (self.linear.layers if self.linear else 0) + (self.sliding.layers if self.sliding else 0)

    @property
    def moe(self) -> bool:
        return self.active < self.parameters


class Card(Record):
    """One kind of GPU. `memory` as the driver shows it to PyTorch, in GiB; rates are peak values of the maker."""

    name: str
    memory: float = Field(gt=0)  # GiB
    bandwidth: float = Field(gt=0)  # GB/s
    flops: float = Field(gt=0)  # dense 16-bit tensor TFLOP/s with 32-bit accumulation
    capability: str  # CUDA compute capability, "8.6"
    watts: int = Field(gt=0)  # default power limit
    source: str = ""


class Setup(Record):
    """One way of serving one model on some cards."""

    geometry: Geometry
    card: Card
    count: int = Field(default=1, gt=0)  # cards used
    tp: int = Field(default=1, gt=0)  # tensor parallel ranks; count / tp replicas
    weights: Weights = "bf16"
    kv: KvDtype = "bf16"
    max_model_len: int = Field(default=65_536, gt=0)  # tokens
    speculate: int = Field(default=0, ge=0)  # draft tokens a step (MTP)
    prefix: PrefixCache = "align"
    ssm_bytes: int = 4  # bytes of one element of a linear layer's state; 2 = fp16
    utilisation: float = Field(default=0.92, gt=0, le=1)
    max_batched_tokens: int = Field(default=2048, gt=0)
    max_seqs: int = Field(default=16, gt=0)
    block: int = Field(default=16, gt=0)  # tokens that a block is a multiple of: 16 on CUDA, 32 on a CPU
    watts: int = 0  # power cap a card; 0 = the card's own


class Pool(Record):
    """The KV cache of one replica, as vLLM lays it out."""

    block_size: int  # tokens
    page: int  # bytes of one block in one layer on one rank
    group: int  # layers that share one table of blocks
    blocks: int
    per_request: int  # blocks that one request of max_model_len tokens holds
    tokens: int  # as "GPU KV cache size" prints it
    tokens_old: int  # the same as printed up to vLLM 0.19
    concurrency: float  # as "Maximum concurrency" prints it, unrounded
