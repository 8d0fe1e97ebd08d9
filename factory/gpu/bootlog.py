"""What vLLM says of its memory while it starts, read from its log: old forms (V0) and new ones (V1).

The lines are those of vLLM's `worker.py`, `gpu_worker.py`, `gpu_model_runner.py`, `kv_cache_utils.py`, `backends.py`
and `monitor.py`. What vLLM prints as GB is computed with 2**30, so it is read as GiB. Every rank speaks for itself:
of what is left the smallest counts (the ranks share one number of blocks), of what is used the largest.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Record

V0_BLOCK = 16  # tokens of a block in V0, unless --block-size was given
LONGEST_LINE = 20_000  # characters; the line with the configuration has about 5,000
LONGEST_FAILURE = 300
V0_WORKER = "VllmWorkerProcess"
LOOKED_FOR = ("Available KV cache memory", "KV cache size", "# GPU blocks", "Maximum concurrency for",
              "Model loading took", "model weights take", "Initializing a V1 LLM engine")  # fmt: skip


class Boot(Record):
    """One start of vLLM, of one replica. GiB and seconds as printed; None or "" = the log does not say."""

    version: str = ""  # "0.24.0"
    model: str = ""
    dtype: str = ""  # "bfloat16"
    quantization: str = ""
    kv_dtype: str = ""
    tp: int | None = None
    max_model_len: int | None = None
    utilisation: float | None = None
    prefix_caching: bool | None = None
    ranks: int = 1  # workers that spoke, at least 1
    weights_gib: float | None = None
    load_s: float | None = None
    total_gib: float | None = None  # of the card
    free_gib: float | None = None  # when the engine started
    non_torch_gib: float | None = None
    activation_gib: float | None = None  # peak while profiling
    consumed_gib: float | None = None  # weights and what is outside PyTorch, which new versions give as one
    available_gib: float | None = None  # left for the KV cache
    graph_estimate_gib: float | None = None  # taken off the pool beforehand (since 0.21)
    graph_gib: float | None = None  # what the CUDA graphs really took
    graph_s: float | None = None
    same_pool_utilisation: float | None = None  # what would give the pool back that the estimate took
    blocks: int | None = None
    block_size: int | None = None  # tokens; said for hybrid models only
    tokens: int | None = None  # "GPU KV cache size"
    concurrency: float | None = None
    concurrency_tokens: int | None = None  # of one request
    compile_s: float | None = None
    compile: Literal["", "cold", "cached"] = ""
    init_s: float | None = None
    failure: str = ""  # the line with which it gave up

    @property
    def pool_tokens(self) -> int | None:
        """Tokens of the pool: as printed, else from the concurrency (two decimals), else from V0's blocks."""
        if self.tokens is not None:
            return self.tokens
        if self.blocks is not None:
            return self.blocks * (self.block_size or V0_BLOCK)
        if self.concurrency is not None and self.concurrency_tokens:
            return int(self.concurrency * self.concurrency_tokens)
        return None


N = r"(-?\d[\d,_]{0,20}(?:\.\d{1,20})?)"  # a number, with or without thousands separators
G = N + r"\s*Gi?B"
Fold = Callable[[float, float], float]
Fact = tuple[str, re.Pattern[str], tuple[str, ...], Fold]


def _last(_: float, new: float) -> float:
    return new


FACTS: tuple[Fact, ...] = (
    ("odel weights", re.compile(rf"[Ll]oading model weights took {G}"), ("weights_gib",), max),
    ("odel loading took", re.compile(rf"Model loading took {G}(?: memory)? and {N} sec"),
     ("weights_gib", "load_s"), max),
    ("weights take", re.compile(rf"model weights take {G}"), ("weights_gib",), max),
    ("non_torch_memory", re.compile(rf"non_torch_memory takes {G}"), ("non_torch_gib",), max),
    ("activation peak", re.compile(rf"PyTorch activation peak memory takes {G}"), ("activation_gib",), max),
    ("for KV Cache", re.compile(rf"memory reserved for KV Cache is {G}"), ("available_gib",), min),
    ("Available KV", re.compile(rf"Available KV cache memory: {G}"), ("available_gib",), min),
    ("Actual usage", re.compile(rf"Actual usage is {G} for weight, {G} for peak activation, {G} for non-torch"),
     ("weights_gib", "activation_gib", "non_torch_gib"), max),
    ("for consumed memory",
     re.compile(rf"Actual usage is {G} for consumed memory \([^)]{{0,300}}\), {G} for peak activation"),
     ("consumed_gib", "peak_gib"), max),
    ("for CUDAGraph", re.compile(rf"and {G} for CUDAGraph memory"), ("graph_gib",), max),
    ("Free memory on", re.compile(rf"Free memory on device[^(]*\({N}/{N} GiB\)"), ("free_gib", "total_gib"), min),
    ("Initial free", re.compile(rf"Initial free memory:? {G}"), ("free_gib",), min),
    ("GiB memory for", re.compile(rf"reserved {G} memory for KV Cache as specified"), ("available_gib",), min),
    (" set (", re.compile(rf"(?:Explicitly|Auto) set \({N}/{N}\) GiB for KV cache"),
     ("available_gib", "total_gib"), min),
    ("profiling results", re.compile(rf"total_gpu_memory={G}.{{0,2000}}? non_torch_memory={G} kv_cache_size={G}"),
     ("total_gib", "non_torch_gib", "available_gib"), max),
    ("total_gpu_memory", re.compile(rf"total_gpu_memory \({G}\) x gpu_memory_utilization \({N}\)"),
     ("total_gib", "utilisation"), min),
    ("esired GPU memory", re.compile(rf"[Dd]esired GPU memory utilization(?: is)? \({N}, "), ("utilisation",), _last),
    ("gpu_memory_util", re.compile(rf"gpu_memory_utilization['\"]?\s*[:=]\s*{N}"), ("utilisation",), _last),
    ("--gpu-memory-util", re.compile(rf"current --gpu-memory-utilization={N} "), ("utilisation",), _last),
    ("same effective KV", re.compile(rf"increase --gpu-memory-utilization to {N}"), ("same_pool_utilisation",), max),
    ("CUDA graph memory:", re.compile(rf"Estimated CUDA graph memory: {G}"), ("graph_estimate_gib",), max),
    ("graph pool memory", re.compile(rf"CUDA graph pool memory: {G} \(actual\), {G} \(estimated\)"),
     ("graph_gib", "graph_estimate_gib"), max),
    ("capturing finished", re.compile(rf"Graph capturing finished in {N} secs?, took {G}"),
     ("graph_s", "graph_gib"), max),
    (" blocks: ", re.compile(rf"(?:GPU|gpu|cuda|CUDA) blocks: {N}"), ("blocks",), min),
    ("KV cache size: ", re.compile(rf"KV cache size: {N} tokens"), ("tokens",), min),
    ("concurrency for", re.compile(rf"Maximum concurrency for {N} tokens per request: {N}x"),
     ("concurrency_tokens", "concurrency"), min),
    ("attention block", re.compile(rf"Setting attention block size to {N} tokens"), ("block_size",), max),
    ("torch.compile ta", re.compile(rf"torch\.compile takes {N} s in total"), ("compile_s",), max),
    ("torch.compile to", re.compile(rf"torch\.compile took {N} s in total"), ("compile_s",), max),
    ("init engine", re.compile(rf"init engine \(.*?\) took {N} s"), ("init_s",), max),
    ("max_model_len", re.compile(rf"['\"]?max_model_len['\"]?\s*[:=]\s*{N}"), ("max_model_len",), _last),
    ("tensor_parallel", re.compile(rf"['\"]?tensor_parallel_size['\"]?\s*[:=]\s*{N}"), ("tp",), _last),
)  # fmt: skip
WHOLE = ("tp", "max_model_len", "blocks", "block_size", "tokens", "concurrency_tokens")

ENGINE = re.compile(r"Initializing an? (?:V\d )?LLM engine \(v?([^)\s]+)\) with config:")
CONFIG = (
    ("model", re.compile(r"\bmodel='([^']*)'")),
    ("dtype", re.compile(r"[ ,]dtype=(?:torch\.)?(\w+)")),
    ("quantization", re.compile(r"\bquantization='?([\w.-]+)")),
    ("kv_dtype", re.compile(r"\bkv_cache_dtype='?(\w+)")),
    ("max_model_len", re.compile(r"\bmax_seq_len=(\d+)")),
    ("prefix_caching", re.compile(r"\benable_prefix_caching=(True|False)")),
)
COLD = ("Compiling a graph for", "saved AOT compiled function")
CACHED = ("Directly load the compiled graph", "Directly load AOT compilation")
GAVE_UP = (
    "No available memory for the cache blocks",
    "is less than desired GPU memory utilization",
    "larger than the available KV cache memory",
    "Error in memory profiling",
    "OutOfMemoryError",
)
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
PROCESS = re.compile(r"\(((?:EngineCore|Worker|VllmWorker)[\w-]*)(?: (?:rank=\d+ )?pid=(\d+))?\)")


def parse(text: str) -> Boot:
    """The last start that a log holds. Takes colours, CRLF, prefixes of docker and journald, a log that breaks off.

    Raises UsageProblem when no line of a start is in it.
    """
    values: dict[str, object] = {}
    for line in _last_start(_lines(text)):
        _read(line, values)
    speakers = values.pop("ranks", set())
    if not values.keys() - {"utilisation", "tp", "max_model_len", "compile", "failure"}:
        looked = ", ".join(repr(each) for each in LOOKED_FOR)
        raise UsageProblem(f"This is not the log of a vLLM start: none of its lines says {looked}.")
    for name in WHOLE:
        if isinstance(found := values.pop(name, None), float) and found >= 1:  # a longest request of -1 means "fit it"
            values[name] = round(found)
    if isinstance(share := values.get("utilisation"), float) and not 0 < share <= 1:
        del values["utilisation"]
    peak = values.pop("peak_gib", None)
    if isinstance(peak, float) and "activation_gib" not in values:  # it holds the estimate for the graphs, if applied
        estimate = values.get("graph_estimate_gib") if "same_pool_utilisation" in values else 0.0
        values["activation_gib"] = round(peak - (estimate if isinstance(estimate, float) else 0.0), 2)
    ranks = len(speakers) if isinstance(speakers, set) else 0
    return Boot.model_validate({**values, "ranks": max(1, ranks)})


def _lines(text: str) -> list[str]:
    plain = ANSI.sub("", text) if "\x1b" in text else text
    return [line[:LONGEST_LINE] for line in plain.splitlines()]


def _last_start(lines: list[str]) -> Iterator[str]:
    """From the last start on: where a process that had spoken of its configuration does so again."""
    begin, arguments, seen = 0, -1, set[str]()
    for number, line in enumerate(lines):
        if "non-default args" in line:
            arguments = number
        elif " LLM engine (" in line and ENGINE.search(line):
            process = PROCESS.search(line)
            name = process[1] if process else ""
            if name in seen:
                begin, seen = (arguments if arguments > begin else number), set[str]()
            seen.add(name)
    return iter(lines[begin:])


def _read(line: str, values: dict[str, object]) -> None:
    """Adds the facts of one line."""
    for needle, pattern, names, fold in FACTS:
        if needle in line and (found := pattern.search(line)):
            for name, text in zip(names, found.groups(), strict=True):
                new, old = _number(text), values.get(name)
                values[name] = fold(old, new) if isinstance(old, float) else new
    if " LLM engine (" in line and (engine := ENGINE.search(line)):
        _configuration(line[engine.end() :], values)
        values["version"] = engine[1]
    if any(words in line for words in COLD):
        values["compile"] = "cold"
    elif any(words in line for words in CACHED):
        values.setdefault("compile", "cached")
    if any(words in line for words in GAVE_UP):
        values["failure"] = line[line.find("] ") + 1 :].strip()[:LONGEST_FAILURE]
    if "Worker" in line and (process := PROCESS.search(line)) and "Worker" in process[1]:
        speakers = values.setdefault("ranks", set[str]())
        if isinstance(speakers, set):
            speakers.add(process[2] or process[1])
            if process[1] == V0_WORKER:
                speakers.add(V0_WORKER)  # V0's first rank lives in the engine's own process, whose lines have no label


def _configuration(text: str, values: dict[str, object]) -> None:
    for name, pattern in CONFIG:
        if (found := pattern.search(text)) and found[1] != "None":
            values[name] = float(found[1]) if name == "max_model_len" else found[1]


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("_", ""))
