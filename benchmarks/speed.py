"""The speed arithmetic against measured deployments: fits the efficiencies on half of the rows, judges on the others.

    python -m benchmarks.speed          the table of all rows and how many judged ones the band holds
    python -m benchmarks.speed --fit    writes the bands and efficiencies into factory/gpu/efficiency.toml

Rows of tests/data/capacity_truth.json that hold a speed are numbered from 0 in the order of the file: even ones are
fitted, odd ones judged, so that all numbers of one deployment lie on one side.
"""

import json
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from factory.contracts.errors import UsageProblem
from factory.gpu import cards, models, speed
from factory.gpu.capacity import GIB, splits
from factory.gpu.records import KV_BYTES, Setup
from factory.gpu.weights import weight_bytes

TRUTH = Path(__file__).parent.parent / "tests" / "data" / "capacity_truth.json"
TABLE = Path(speed.__file__).with_name("efficiency.toml")
SHORT = 1_000  # tokens in the cache where a row states no shape: the usual short benchmark prompt and half its answer
WHATS: tuple[speed.What, ...] = ("decode", "prefill")
SPEEDS = re.compile(r"decode_tps|agg_tps|prefill_tps|ttft|tpot|total_tps")
AT = re.compile(r"(?P<what>prefill_tps|decode_tps_at|ttft_s|tpot_ms)_(?P<tokens>\d+)k")
SHAPE = re.compile(r"(?P<prompt>\d+)(?P<k>K?) in/(?P<answer>\d+) out")
WEIGHTS = (  # first match counts
    ("w4a8", "w4a8"), ("w8a8", "w8a8"), ("int8", "w8a8"), ("nvfp4", "nvfp4"), ("mxfp4", "mxfp4"), ("int4", "int4"),
    ("awq", "int4"), ("w4a16", "int4"), ("fp8", "fp8"), ("bf16", "bf16"), ("fp16", "fp16"),
)  # fmt: skip
SAME = {  # models of the data with the geometry of a bundled one
    "Agents-A1 35B-A3B": "Qwen3.6-35B-A3B",
    "DeepSeek-R1-Distill-Llama-8B": "Llama-3.1-8B",
    "Qwen-AgentWorld-35B-A3B": "Qwen3.6-35B-A3B",
    "Qwen2.5-7B-Instruct": "Qwen2.5-Coder-7B",
    "Qwen3.6/3.8-27B": "Qwen3.6-27B",
    "ThinkingCap-Qwen3.6-27B": "Qwen3.6-27B",
}


class Measure(NamedTuple):
    """One measured speed of one deployment, and the work behind `tokens` tokens of it."""

    row: int  # in the file
    name: str
    what: speed.What
    how: str
    setup: Setup
    measured: float  # tok/s
    tokens: float
    work: speed.Work
    judged: bool

    @property
    def share(self) -> float:
        """Of the peak rates, once the overhead is taken off; a quarter of the time at least is the cards'.

        No decoding reads faster than the memory; prefill may pass 1, where fewer bits than 16 are multiplied.
        """
        seconds = self.tokens / self.measured
        found = self.work.peak / max(seconds - self.work.overhead, seconds / 4)
        return min(found, 1.0) if self.what == "decode" else found

    @property
    def predicted(self) -> float:
        return self.at(speed.efficiency(self.what, self.setup))

    def at(self, share: float) -> float:
        """tok/s at that share of the peak rates."""
        return self.tokens / self.work.seconds(share)

    @property
    def ratio(self) -> float:
        return self.measured / self.predicted


def measures() -> tuple[list[Measure], dict[int, str]]:
    """Every measured speed that can be predicted, and why the other rows cannot, by their index in the file."""
    found: list[Measure] = []
    left: dict[int, str] = {}
    rows = [(index, row) for index, row in enumerate(json.loads(TRUTH.read_text())) if _has_speed(row)]
    for number, (index, row) in enumerate(rows):
        try:
            setup = _setup(row)
            made = [
                Measure(index, f"{row['model']}, {row['gpu']} x{setup.count}", *each, judged=bool(number % 2))
                for each in _speeds(row, setup)
            ]
        except UsageProblem as problem:
            left[index] = str(problem)
            continue
        found += made
        if not made:
            left[index] = "its speeds do not say how many requests or tokens they are for"
    return found, left


def _has_speed(row: dict[str, Any]) -> bool:
    return any(SPEEDS.match(key) for key in row)


def _setup(row: dict[str, Any]) -> Setup:
    """The deployment as a set-up. Raises UsageProblem when the planner does not know its parts."""
    model = models.find(SAME.get(row["model"], row["model"]))
    card, _ = cards.parse(row["gpu"])
    kv, spec = row.get("kv_dtype", "bf16"), row.get("spec", "off")
    if kv not in KV_BYTES:
        raise UsageProblem(f"a KV cache in {kv} is not planned for")
    if spec != "off" and not spec.startswith("mtp"):
        raise UsageProblem(f"speculation by {spec} is not planned for")
    weights = next((kind for word, kind in WEIGHTS if word in row.get("weights", "").lower()), None)
    if weights is None or "tp" not in row:
        raise UsageProblem("its weights or ranks are not stated")
    if spec != "off" and not model.mtp:
        raise UsageProblem("the model has no draft layers of its own: a drafter beside it is not planned for")
    setup = Setup(
        geometry=model, card=card, count=row["n_gpu"], tp=row["tp"], weights=weights, kv=kv,
        speculate=0 if spec == "off" else int(spec[3:] or 3), watts=min(row.get("power_w", 0), card.watts),
        max_model_len=row.get("max_model_len", 65_536),
    )  # fmt: skip
    splits(setup)
    if weight_bytes(model, setup.weights, setup.tp) > card.memory * GIB:
        raise UsageProblem("its weights do not fit on its cards, so it must mean something else")
    return setup


Found = tuple[speed.What, str, Setup, float, float, speed.Work]


def _speeds(row: dict[str, Any], setup: Setup) -> Iterator[Found]:
    if found := [value for value in row.get("decode_tps", ()) if value]:
        yield "decode", "1 session, short", setup, statistics.mean(found), *_decode(setup, SHORT, 1)
    shape = SHAPE.match(row.get("shape", ""))
    context = int(shape["prompt"]) + int(shape["answer"]) // 2 if shape and not shape["k"] else SHORT
    alone = statistics.mean(found) if found else 0
    for count, value in row.get("agg_tps", {}).items():
        if count.isdigit() and not (shape and shape["k"]) and value > alone:  # less than one session: prefill is in it
            yield "decode", f"{count} sessions of {context}", setup, value, *_decode(setup, context, int(count))
    for key, value in row.items():
        if (at := AT.fullmatch(key)) and value:
            yield _at(at["what"], int(at["tokens"]) * 1000, value, setup)


def _at(what: str, tokens: int, value: float, setup: Setup) -> Found:
    if what in ("prefill_tps", "ttft_s"):
        rate = value if what == "prefill_tps" else tokens / value
        return "prefill", f"{tokens} tokens", setup, rate, tokens, speed.prefill(setup, tokens)
    rate = value if what == "decode_tps_at" else 1000 / value
    return "decode", f"1 session of {tokens}", setup, rate, *_decode(setup, tokens, 1)


def _decode(setup: Setup, context: int, parallel: int) -> tuple[float, speed.Work]:
    """Tokens of one step of all sessions, and its work; requests are shared out over the replicas."""
    each = -(-parallel // max(1, setup.count // setup.tp))
    return parallel * speed.tokens_a_step(setup), speed.step(setup, context, each)


Key = tuple[str, str, str, str]  # what, kind, weights, generation


def fit(rows: Iterable[Measure]) -> dict[Key, tuple[float, int]]:
    """The median share of the peak in every class, and of how many measurements."""
    shares: dict[Key, list[float]] = defaultdict(list)
    for row in rows:
        for each in speed.classes(row.setup):
            shares[(row.what, *each)].append(row.share)
    return {key: (statistics.median(values), len(values)) for key, values in sorted(shares.items())}


def predictions(rows: Iterable[Measure], fitted: dict[Key, tuple[float, int]]) -> list[float]:
    """Measured over predicted of each row under another fit."""
    found = []
    for row in rows:
        key = next(key for each in speed.lenders(row.setup) if (key := (row.what, *each)) in fitted)
        found.append(row.measured / row.at(fitted[key][0]))
    return found


def left_out(rows: Sequence[Measure]) -> list[float]:
    """Measured over predicted of each row, fitted without its deployment."""
    return [ratio for row in rows for ratio in predictions([row], fit(other for other in rows if other.row != row.row))]


def class_left_out(rows: Sequence[Measure]) -> list[float]:
    """The same, fitted without its narrowest class: how far off a class is that nobody measured."""
    own = [speed.classes(row.setup)[0] for row in rows]
    return [
        ratio
        for row, mine in zip(rows, own, strict=True)
        for ratio in predictions([row], fit(r for r, its in zip(rows, own, strict=True) if its != mine))
    ]


def width(ratios: Iterable[float], share: float = speed.SHARE) -> float:
    """The factor, either way, within which `share` of the ratios lie; rounded up to 0.05."""
    ordered = sorted(max(ratio, 1 / ratio) for ratio in ratios)
    return ceil(ordered[ceil(share * len(ordered)) - 1] * 20) / 20


def inside(row: Measure) -> bool:
    found = speed.band(row.what, row.setup, row.predicted)
    return found.low <= row.measured <= found.high


def written(rows: Sequence[Measure]) -> str:
    """Bands: of judged rows with a fitted class; of the others and of fitted rows without their class, the wider."""
    fitted = fit(row for row in rows if not row.judged)
    wide: dict[speed.What, tuple[float, float]] = {}
    for what in WHATS:
        judged = [row for row in rows if row.judged and row.what == what]
        seen = [row for row in judged if (what, *speed.classes(row.setup)[0]) in fitted]
        known = width(predictions(seen, fitted))
        other = predictions([row for row in judged if row not in seen], fitted)
        without = class_left_out([row for row in rows if not row.judged and row.what == what])
        wide[what] = known, max(known, width(other), width(without))
    lines = []
    for place, name in enumerate(("measured", "carried")):
        lines += [f"[band.{name}]", *(f"{what} = {wide[what][place]:.2f}" for what in WHATS), ""]
    for (quantity, kind, weights, made), (value, count) in fitted.items():
        lines += ["[[fitted]]", f'what = "{quantity}"', f'kind = "{kind}"', f'weights = "{weights}"']
        lines += [f'generation = "{made}"', f"value = {value:.3f}", f"measurements = {count}", ""]
    return "\n".join(lines)


def show_table(rows: Sequence[Measure], left: dict[int, str]) -> None:
    print("| Row | Deployment | Weights, KV, drafts | What | Side | Measured, tok/s | Predicted | Ratio | In band |")
    print("| ---: | --- | --- | --- | --- | ---: | ---: | ---: | --- |")
    for row in rows:
        made, side = row.setup, "judged" if row.judged else "fitted"
        kinds = f"{made.weights}, {made.kv}, {made.speculate}"
        print(
            f"| {row.row} | {row.name} | {kinds} | {row.what}, {row.how} | {side} | {row.measured:.0f} "
            f"| {row.predicted:.0f} | {row.ratio:.2f} | {'yes' if inside(row) else 'NO'} |"
        )
    print("\n" + "\n".join(summary(rows)))
    print("\nNot predicted:\n")
    for index, why in left.items():
        print(f"- row {index}: {why}")


def summary(rows: Sequence[Measure]) -> Iterator[str]:
    """What the bands held, one sentence a quantity and side."""
    for what in WHATS:
        for side in ("fitted", "judged"):
            these = [row for row in rows if row.what == what and row.judged == (side == "judged")]
            held, ratios = sum(map(inside, these)), [row.ratio for row in these]
            yield (
                f"- {what}, {side}: {held} of {len(these)} in their band; 90 % within a factor of {width(ratios):.2f}, "
                f"all within {width(ratios, 1):.2f}; median ratio {statistics.median(ratios):.2f}."
            )
        fitted = [row for row in rows if row.what == what and not row.judged]
        yield (
            f"- {what}, fitted, each without its own deployment: 90 % within {width(left_out(fitted)):.2f}; "
            f"without its class: {width(class_left_out(fitted)):.2f}."
        )


def main(arguments: Sequence[str]) -> int:
    rows, left = measures()
    if "--fit" in arguments:
        stated = TABLE.read_text(encoding="utf-8").partition("\n[band.")[0]
        TABLE.write_text(f"{stated}\n{written(rows)}", encoding="utf-8")
        print(f"{TABLE} is fitted anew: run again without --fit for its table.")
    else:
        show_table(rows, left)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
