"""What each set-up's starts really gave, kept in the state folder, and a start held against the plan and its like.

One file for each set-up, `gpu/boots/<digest>.json`, written whole under a lock: two processes lose nothing of each
other's. The best start of a set-up is what later ones are measured by, so a bad one does not become the measure.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from factory.contracts.errors import UsageProblem, disk_problem
from factory.contracts.record import Field, Record, ValidationError, digest_of
from factory.files import write_whole
from factory.gpu.bootlog import Boot

SHORT = 0.03  # share of the pool that may be missing before it is reported
MOST = 20  # starts kept of one set-up
OTHERS_GIB = 1.0  # memory in use before the start that the driver and the engine's own context do not explain
MORE_GIB = 0.2  # a difference between two starts that is worth a word


class Key(Record):
    """The set-up that a start belongs to; two starts with the same key should give the same pool."""

    model: str
    card: str = ""
    count: int = Field(default=1, gt=0)
    tp: int = Field(default=1, gt=0)
    weights: str = ""
    kv: str = ""
    utilisation: float = Field(default=0, ge=0, le=1)  # 0 = not known
    max_model_len: int = Field(default=0, ge=0)  # tokens; the printed tokens of a hybrid model depend on it
    version: str = ""  # of the engine: since 0.21 vLLM takes an estimate for CUDA graphs off the pool


class Starts(Record):
    """The file of one set-up: starts in the order they were reported, at most MOST, the best always among them."""

    key: Key
    boots: tuple[Boot, ...] = ()


def key_of(boot: Boot, *, model: str = "", card: str = "", count: int = 0, weights: str = "", kv: str = "") -> Key:
    """The key of a start: what the log says, and what a person says instead. The log does not name the card.

    Raises UsageProblem when neither names the model.
    """
    if not (model or boot.model):
        raise UsageProblem("The log does not name its model (its beginning is missing): name it with --model.")
    tp = boot.tp or boot.ranks
    return Key(
        model=model or boot.model, card=card, count=count or tp, tp=tp,
        weights=weights or boot.quantization or boot.dtype, kv=kv or boot.kv_dtype,
        utilisation=boot.utilisation or 0, max_model_len=boot.max_model_len or 0, version=boot.version,
    )  # fmt: skip


def remember(folder: Path, boot: Boot, key: Key) -> None:
    """Adds a start to its set-up's file under `folder` (the state folder). Safe for several processes.

    Raises UsageProblem when the file that is there is damaged, Stopped when the disk is full or not writable.
    """
    path = _path(folder, key)
    with _locked(path):
        boots = (*_read(path, key).boots, boot)
        kept, best = boots[-MOST:], max(boots, key=_size)
        kept = kept if best in kept else (best, *kept[1:])
        write_whole(path, Starts(key=key, boots=kept).to_json(indent=1) + "\n")


def recall(folder: Path, key: Key) -> Boot | None:
    """The best start of this set-up so far; None when there is none. Raises UsageProblem for a damaged file."""
    boots = _read(_path(folder, key), key).boots
    return max(boots, key=_size) if boots else None


def all_starts(folder: Path) -> tuple[Starts, ...]:
    """Every set-up's starts. A damaged file counts as absent here: `calibrate` names it when it comes to it."""
    found = []
    for path in sorted((folder / "gpu" / "boots").glob("*.json")):
        with suppress(UsageProblem):
            found.append(_read(path, Key(model=path.stem)))
    return tuple(found)


def compare(
    boot: Boot, *, planned_gib: float | None = None, planned_tokens: int | None = None, stored: Boot | None = None
) -> tuple[str, ...]:
    """Sentences about a pool more than 3 % under the plan (GiB a rank, or tokens) or the best start; () = as planned.

    First how much is missing, then the likely reasons, each with what to do.
    """
    if boot.available_gib is None and boot.pool_tokens is None:
        why = f" It gave up: {boot.failure}" if boot.failure else " Give the whole log."
        return (f"The log ends before the size of the KV pool.{why}",)
    missing = [
        *_under(boot.available_gib, planned_gib, "GiB", "the plan"),
        *_under(boot.pool_tokens, planned_tokens, "tokens", "the plan"),
    ]
    if stored:
        missing += _under(boot.pool_tokens, stored.pool_tokens, "tokens", "the best start so far") or _under(
            boot.available_gib, stored.available_gib, "GiB", "the best start so far"
        )
    return (*missing, *_reasons(boot, stored)) if missing else ()


def _under(found: float | None, wanted: float | None, unit: str, what: str) -> list[str]:
    if found is None or not wanted or found >= wanted * (1 - SHORT):
        return []
    form = ",.0f" if unit == "tokens" else ".2f"
    share = f"{1 - found / wanted:.1%}".replace("%", " %")
    return [f"The KV pool has {found:{form}} {unit}, {share} less than the {wanted:{form}} of {what}."]


def _reasons(boot: Boot, stored: Boot | None) -> Iterator[str]:
    """Why a pool is likely small, the surest first."""
    reasons = [*_used_by_others(boot, stored), *_cold(boot, stored), *_graphs(boot, stored)]
    if stored and (boot.weights_gib or 0) - (stored.weights_gib or boot.weights_gib or 0) > MORE_GIB:
        reasons.append(
            f"The weights take {boot.weights_gib:.2f} GiB, not {stored.weights_gib:.2f}: look whether this is the same "
            f"checkpoint, and whether a draft head came with it."
        )
    yield from reasons or (
        "The log does not say why. Look with nvidia-smi for other processes on the card, end them and start again; if "
        "the pool stays small, plan with this one (--available-gib).",
    )


def _used_by_others(boot: Boot, stored: Boot | None) -> Iterator[str]:
    used = (boot.total_gib or 0) - (boot.free_gib if boot.free_gib is not None else boot.total_gib or 0)
    grown = (boot.non_torch_gib or 0) - (stored.non_torch_gib or 0) if stored and stored.non_torch_gib else 0.0
    if used > OTHERS_GIB:
        yield (
            f"Dirty GPU: {used:.1f} GiB of the card were in use before the engine started: look with nvidia-smi which "
            f"processes hold them, end them and start again."
        )
    elif grown > MORE_GIB:
        yield (
            f"Dirty GPU: memory outside PyTorch is {boot.non_torch_gib:.2f} GiB, {grown:.2f} more than at the best "
            f"start: another process took memory meanwhile; end it (nvidia-smi) and start again."
        )


def _cold(boot: Boot, stored: Boot | None) -> Iterator[str]:
    peak = (boot.activation_gib or 0) - (stored.activation_gib or 0) if stored and stored.activation_gib else 0.0
    if boot.compile == "cold":
        took = f" for {boot.compile_s:.0f} s" if boot.compile_s else ""
        more = f" (here by {peak:.2f} GiB)" if boot.activation_gib and peak > MORE_GIB else ""
        yield (
            f"Cold compile: this start compiled{took} and did not find its graphs in the cache; the activation peak is "
            f"higher then{more}. Start once more with the same compile cache and read that log."
        )
    elif boot.activation_gib and peak > MORE_GIB:
        yield (
            f"The activation peak is {boot.activation_gib:.2f} GiB, {peak:.2f} more than at the best start: look "
            f"whether --max-num-batched-tokens or --max-num-seqs grew."
        )


def _graphs(boot: Boot, stored: Boot | None) -> Iterator[str]:
    """`same_pool_utilisation` is printed where the estimate was really taken off the pool, and only there."""
    estimate, before = boot.graph_estimate_gib or 0, (stored.graph_estimate_gib or 0) if stored else 0
    if boot.same_pool_utilisation and estimate - before > MORE_GIB:
        really = f" (they really took {boot.graph_gib:.2f})" if boot.graph_gib is not None else ""
        yield (
            f"vLLM took {estimate:.2f} GiB off the pool for CUDA graphs{really}: --gpu-memory-utilization "
            f"{boot.same_pool_utilisation:g} gives it back, if the card has that much to spare."
        )


def _size(boot: Boot) -> tuple[float, float]:
    return (boot.pool_tokens or 0, boot.available_gib or 0)


def _path(folder: Path, key: Key) -> Path:
    return folder / "gpu" / "boots" / f"{digest_of(key)[:32]}.json"


def _read(path: Path, key: Key) -> Starts:
    try:
        return Starts.from_json(path.read_bytes())
    except FileNotFoundError:
        return Starts(key=key)
    except ValidationError:
        raise UsageProblem(f"{path} is damaged: delete it, and calibrate again from the logs.") from None
    except OSError as error:
        raise disk_problem(error, path) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time; the lock goes with the process."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise disk_problem(error, path) from error
